import { isNative, recode } from '../dicom';
import type { ChosenContext, DataSetSource } from '../network';
import { compared, type OutgoingObject } from '../object';
import { decompress, type Decoder } from '../transcode';

/**
 * An object's data set as it is sent on the chosen context. Whether it can be converted is known before the first byte of it
 * is sent.
 * @throws DicomError `cannot-recode` with the reason; what reading the object throws
 */
export async function preparedDataSet(
  object: OutgoingObject,
  { conversion, transferSyntaxUID: to }: ChosenContext,
  mayLose: boolean,
  decoder: Decoder,
): Promise<DataSetSource> {
  if (conversion === 'none') return object.dataSet();
  const file = await object.wholeFile();
  const { source, offset } = file;
  const from = object.transferSyntaxUID;
  const recoding = isNative(from)
    ? recode(source, { from, to, offset })
    : decompress(source, { from, to, offset, lossy: mayLose, decoder });
  return compared(recoding.blocks(), file);
}
