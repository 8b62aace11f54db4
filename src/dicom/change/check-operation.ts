import { bufferSource } from '../read';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../standard';
import { applyChanges } from './apply-changes';
import { type ChangeOperation, parseChanges } from './changes';

/** (0008,0018) UI, `1`. */
const NOTHING_BUT_ITS_UID = Buffer.from([0x08, 0, 0x18, 0, 0x55, 0x49, 2, 0, 0x31, 0]);

/**
 * Looks at an operation before there is an object for it.
 * @throws ChangeError where no object could be changed so, or one that does not know the attribute
 */
export function checkOperation(operation: ChangeOperation): void {
  const of = { sopInstanceUID: '1', size: NOTHING_BUT_ITS_UID.length };
  applyChanges(
    bufferSource(NOTHING_BUT_ITS_UID),
    { transferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN },
    parseChanges({ version: 1, of, operations: [operation] }),
  );
}
