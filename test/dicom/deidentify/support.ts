import {
  bufferSource,
  type DeidentifiedObject,
  deidentify,
  encodeFileMeta,
  type DicomJson,
  convert,
  Profile,
  type ProfileOptions,
  readFileMeta,
} from '../../../src/dicom';
import { element, us } from '../support/encode';

export const CT = '1.2.840.10008.5.1.4.1.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const IMPLICIT = '1.2.840.10008.1.2';
export const SECRET = Buffer.from('a secret of tests that is long enough');

export function profile(options: Partial<ProfileOptions> = {}): Profile {
  return new Profile({ options: [], secret: SECRET, allowedWords: [], alsoPass: [], ...options });
}

/** A Part 10 file around a data set. */
export function fileOf(dataSet: Buffer, transferSyntaxUID: string = EXPLICIT): Buffer<ArrayBuffer> {
  const head = encodeFileMeta({
    sopClassUID: CT,
    sopInstanceUID: '1.2.3.4.5',
    transferSyntaxUID,
    implementationClassUID: '1.2.4',
    implementationVersionName: 'TEST',
  });
  return Buffer.concat([head, dataSet]);
}

export interface Result extends DeidentifiedObject {
  /** The whole new file. */
  readonly bytes: Buffer;
}

/** @throws KeptBack, DicomError */
export function deidentified(file: Buffer, by: Profile = profile(), pseudonym?: string): Result {
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(bufferSource(file));
  const result = deidentify(bufferSource(file), { transferSyntaxUID, offset, pseudonym }, by);
  return { ...result, bytes: Buffer.from(result.file.read(0, result.file.size)) };
}

/** The attributes of a file, in the DICOM JSON Model. */
export function tagsOf(file: Buffer): DicomJson {
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(bufferSource(file));
  const { message } = convert(bufferSource(file), {
    transferSyntaxUID,
    offset,
    includeCommonFieldsNode: false,
    includeReportNode: false,
    includeTagsNode: true,
    tagsFormat: 'dicom-json',
  });
  return message.Tags as DicomJson;
}

/** Elements in the order of their tags, of which the later one of two counts. */
export function dataSet(...elements: Buffer[]): Buffer {
  const byTag = new Map(
    elements.map((bytes) => [bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2), bytes]),
  );
  return Buffer.concat([...byTag].sort(([one], [other]) => one - other).map(([, bytes]) => bytes));
}

/** Evenly long, as the VR is padded. */
export function text(tag: number, vr: string, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const pad = bytes.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' ';
  return element(tag, vr, Buffer.concat([bytes, Buffer.from(pad, 'latin1')]));
}

/** What a small CT image needs to be passed. */
export const IMAGE: readonly Buffer[] = [
  text(0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
  text(0x00080016, 'UI', CT),
  text(0x00080018, 'UI', '1.2.3.4.5'),
  text(0x00080060, 'CS', 'CT'),
  text(0x00100020, 'LO', 'PATIENT 1'),
  text(0x0020000d, 'UI', '1.2.3.4'),
  text(0x0020000e, 'UI', '1.2.3.4.1'),
  element(0x00280002, 'US', us(1)),
  text(0x00280004, 'CS', 'MONOCHROME2'),
  element(0x00280010, 'US', us(2)),
  element(0x00280011, 'US', us(2)),
  element(0x00280100, 'US', us(16)),
  element(0x00280101, 'US', us(16)),
  element(0x00280102, 'US', us(15)),
  element(0x00280103, 'US', us(0)),
  element(0x7fe00010, 'OW', us(1, 2, 3, 4)),
];

export const image = (...elements: Buffer[]): Buffer => dataSet(...IMAGE, ...elements);
