import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource, convert, DicomError, readFileMeta, type MessageConversion } from '../../../src/dicom';
import { corpus } from '../../support/needs';

export interface CorpusObject {
  /** "good/ct/….dcm" */
  name: string;
  path: string;
}

/** The files of folders of the corpus, in a fixed order. */
export function corpusObjects(...folders: ('good' | 'generated' | 'odd')[]): CorpusObject[] {
  return folders.flatMap((folder) =>
    readdirSync(join(corpus, folder), { recursive: true, encoding: 'utf8' })
      .sort()
      .map((file) => ({ name: `${folder}/${file}`, path: join(corpus, folder, file) }))
      .filter(({ path }) => statSync(path).isFile()),
  );
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

export const BULK_URI = 'file:///objects/1.dcm';

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
