import { DataSetBuilder, textOf } from '../data-set';
import { DicomError } from '../errors';
import { bufferSource, Cursor, encodeFileMeta, encodingOf, walkDataSet } from '../read';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  IMPLICIT_VR_LITTLE_ENDIAN,
  TAG,
  transferSyntax,
} from '../standard';
import { NoWarnings } from '../warnings';

const PREAMBLE_AND_PREFIX = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
/** Group 0002, little endian. */
const META_GROUP = Buffer.from([2, 0]);

/**
 * A Part 10 file of a data set that stands alone, as software before PS3.10 wrote it: in implicit VR little endian, which is
 * what is meant where nobody says anything else (PS3.5 10.1), or in the explicit VR that its first element shows. Where only
 * preamble and prefix are missing, those are put before it.
 * @throws DicomError where it cannot be read to its end, or does not say what object it is
 */
export function withHeader(dataSet: Buffer): Buffer {
  if (dataSet.subarray(0, META_GROUP.length).equals(META_GROUP))
    return Buffer.concat([PREAMBLE_AND_PREFIX, dataSet]);
  const warnings = new NoWarnings();
  const cursor = new Cursor(bufferSource(dataSet));
  const builder = new DataSetBuilder(cursor, warnings);
  const declared = encodingOf(transferSyntax(IMPLICIT_VR_LITTLE_ENDIAN));
  const { explicit, bigEndian } = walkDataSet(cursor, 0, declared, builder, warnings);
  const sopClassUID = textOf(builder.root, TAG.SOPClassUID);
  const sopInstanceUID = textOf(builder.root, TAG.SOPInstanceUID);
  if (sopClassUID === undefined || sopInstanceUID === undefined)
    throw new DicomError(
      'no-file-meta',
      'there is neither a Part 10 header nor a data set with its SOP UIDs',
    );
  const header = encodeFileMeta({
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID: !explicit
      ? IMPLICIT_VR_LITTLE_ENDIAN
      : bigEndian
        ? EXPLICIT_VR_BIG_ENDIAN
        : EXPLICIT_VR_LITTLE_ENDIAN,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  return Buffer.concat([header, dataSet]);
}
