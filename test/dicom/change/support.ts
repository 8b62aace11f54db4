import {
  applyChanges,
  bufferSource,
  type ChangeOperation,
  parseChanges,
  patchedSource,
  parseDataSet,
} from '../../../src/dicom';
import { metaOf } from '../support/corpus-objects';

/** Changes of a data set without file meta information. */
export function changesFor(dataSet: Buffer, transferSyntaxUID: string, operations: unknown): object {
  const { identity } = parseDataSet(bufferSource(dataSet), { transferSyntaxUID });
  return {
    version: 1,
    of: { sopInstanceUID: identity.sopInstanceUID ?? '', size: dataSet.length },
    operations,
  };
}

/** A data set as operations change it. @throws DicomError */
export function changed(dataSet: Buffer, transferSyntaxUID: string, operations: ChangeOperation[]): Buffer {
  const source = bufferSource(dataSet);
  const changes = parseChanges(changesFor(dataSet, transferSyntaxUID, operations));
  const { splices } = applyChanges(source, { transferSyntaxUID, sopInstanceUID: '' }, changes);
  const patched = patchedSource(source, splices);
  return Buffer.from(patched.read(0, patched.size));
}

/** The data set of a file, with its transfer syntax. */
export function dataSetIn(file: Buffer): { dataSet: Buffer; transferSyntaxUID: string } {
  const { transferSyntaxUID, dataSetOffset } = metaOf(file);
  return { dataSet: file.subarray(dataSetOffset), transferSyntaxUID };
}
