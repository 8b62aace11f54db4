import { isAcceptableInstanceUid } from '../../dicom';
import type { CommandSet } from './command-set';
import { Status, type CommandStatus } from './status';

/** To a C-STORE whose SOP class, or whose presentation context, is not for storage. */
export const SOP_CLASS_REFUSED: CommandStatus = {
  status: Status.sopClassNotSupported,
  comment: 'SOP class is not accepted for storage',
};

/**
 * Why a C-STORE-RQ is refused whatever its data set says (PS3.7 9.1.1.1.9); undefined when it is not. The SOP class need
 * not be the presentation context's: DCMTK proposes what a file's meta information says and sends what its data set
 * says. It must be one that would have been accepted, though.
 * @param accepts true for a SOP class whose objects are taken
 */
export function refuseStore(
  command: CommandSet,
  accepts: (sopClassUID: string) => boolean,
): CommandStatus | undefined {
  const { messageId, affectedSopClassUID, affectedSopInstanceUID, hasDataSet } = command;
  if (messageId === undefined) {
    return { status: Status.mistypedArgument, comment: 'C-STORE-RQ has no Message ID' };
  }
  if (affectedSopClassUID === undefined) {
    return { status: Status.sopClassNotSupported, comment: 'C-STORE-RQ has no Affected SOP Class UID' };
  }
  if (!accepts(affectedSopClassUID)) return SOP_CLASS_REFUSED;
  if (affectedSopInstanceUID === undefined || !isAcceptableInstanceUid(affectedSopInstanceUID)) {
    return {
      status: Status.invalidObjectInstance,
      comment: 'Affected SOP Instance UID is missing or no UID',
    };
  }
  if (!hasDataSet) return { status: Status.cannotUnderstand, comment: 'C-STORE-RQ without a data set' };
  return undefined;
}
