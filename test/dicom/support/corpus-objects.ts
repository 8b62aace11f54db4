import { readFileSync } from 'node:fs';
import { bufferSource, convert, DicomError, readFileMeta, type MessageConversion } from '../../../src/dicom';
import { corpusFiles, type CorpusFile } from '../../support/objects/corpus';

export type CorpusObject = CorpusFile;

/** The objects in folders of the corpus, in a fixed order. */
export function corpusObjects(...folders: ('good' | 'generated' | 'odd')[]): CorpusObject[] {
  return folders.flatMap(corpusFiles);
}

/** Files of the odd corpus without a Part 10 header are read as implicit VR little endian: the reader finds out. */
export function metaOf(bytes: Buffer): { transferSyntaxUID: string; dataSetOffset: number } {
  try {
    return readFileMeta(bufferSource(bytes));
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    return { transferSyntaxUID: '1.2.840.10008.1.2', dataSetOffset: 0 };
  }
}

const BULK_URI = 'file:///objects/1.dcm';

export function convertBytes(bytes: Buffer, tagsFormat: 'keyword' | 'dicom-json'): MessageConversion {
  const { transferSyntaxUID, dataSetOffset } = metaOf(bytes);
  return convert(bufferSource(bytes), {
    transferSyntaxUID,
    offset: dataSetOffset,
    includeCommonFieldsNode: true,
    includeReportNode: true,
    includeTagsNode: true,
    tagsFormat,
    bulkDataURI: BULK_URI,
  });
}

export function convertFile(path: string, tagsFormat: 'keyword' | 'dicom-json'): MessageConversion {
  return convertBytes(readFileSync(path), tagsFormat);
}
