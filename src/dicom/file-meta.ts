import { type ByteSource, Cursor } from './byte-source';
import { DicomError } from './errors';
import { VR, type Vr, vrOfBytes } from './vr';

/** File Meta Information (PS3.10 7.1). */
export interface FileMeta {
  /** (0002,0002) Media Storage SOP Class UID */
  sopClassUID: string;
  /** (0002,0003) Media Storage SOP Instance UID */
  sopInstanceUID: string;
  /** (0002,0010) */
  transferSyntaxUID: string;
  /** (0002,0012) */
  implementationClassUID: string;
  /** (0002,0013) */
  implementationVersionName: string;
  /** (0002,0016) Source Application Entity Title */
  sourceAET?: string;
  /** (0002,0017) Sending Application Entity Title */
  sendingAET?: string;
  /** (0002,0018) Receiving Application Entity Title */
  receivingAET?: string;
  /** (0002,0026) Source Presentation Address */
  sourceAddress?: string;
  /** (0002,0027) Sending Presentation Address */
  sendingAddress?: string;
  /** (0002,0028) Receiving Presentation Address */
  receivingAddress?: string;
  /** (0002,0100) and (0002,0102) */
  privateInformation?: { creatorUID: string; bytes: Buffer };
}

const PREAMBLE = 128;
const PREFIX = 'DICM';
const GROUP = 0x0002;
const HEADER = 8;
const LONG_HEADER = 12;
/** Far more than any file meta information has; what is longer is none. */
const LONGEST = 1024 * 1024;

const GROUP_LENGTH = 0x0000;
const VERSION = 0x0001;
const PRIVATE_CREATOR = 0x0100;
const PRIVATE_INFORMATION = 0x0102;

type TextField = Exclude<keyof FileMeta, 'privateInformation'>;

/** Element numbers in ascending order, as they are written. */
const FIELDS: readonly { element: number; vr: Vr; field: TextField }[] = [
  { element: 0x0002, vr: VR.UI, field: 'sopClassUID' },
  { element: 0x0003, vr: VR.UI, field: 'sopInstanceUID' },
  { element: 0x0010, vr: VR.UI, field: 'transferSyntaxUID' },
  { element: 0x0012, vr: VR.UI, field: 'implementationClassUID' },
  { element: 0x0013, vr: VR.SH, field: 'implementationVersionName' },
  { element: 0x0016, vr: VR.AE, field: 'sourceAET' },
  { element: 0x0017, vr: VR.AE, field: 'sendingAET' },
  { element: 0x0018, vr: VR.AE, field: 'receivingAET' },
  { element: 0x0026, vr: VR.UR, field: 'sourceAddress' },
  { element: 0x0027, vr: VR.UR, field: 'sendingAddress' },
  { element: 0x0028, vr: VR.UR, field: 'receivingAddress' },
];

/**
 * What stands before the data set in a Part 10 file: 128 zero bytes, DICM, and group 0002 in explicit VR little endian
 * with its length (PS3.10 7.1).
 */
export function encodeFileMeta(meta: FileMeta): Buffer {
  const elements = [encodeElement(VERSION, VR.OB, Buffer.from([0, 1]))];
  for (const { element, vr, field } of FIELDS) {
    const value = meta[field];
    if (value !== undefined) elements.push(encodeElement(element, vr, Buffer.from(value, 'latin1')));
  }
  if (meta.privateInformation !== undefined) {
    const { creatorUID, bytes } = meta.privateInformation;
    elements.push(encodeElement(PRIVATE_CREATOR, VR.UI, Buffer.from(creatorUID, 'latin1')));
    elements.push(encodeElement(PRIVATE_INFORMATION, VR.OB, bytes));
  }
  const group = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length);
  return Buffer.concat([
    Buffer.alloc(PREAMBLE),
    Buffer.from(PREFIX, 'latin1'),
    encodeElement(GROUP_LENGTH, VR.UL, length),
    group,
  ]);
}

function encodeElement(element: number, vr: Vr, value: Buffer): Buffer {
  const header = vr.long ? LONG_HEADER : HEADER;
  const padded = value.length + (value.length % 2);
  const bytes = Buffer.alloc(header + padded, vr === VR.UI || vr === VR.OB ? 0 : ' ');
  bytes.writeUInt16LE(GROUP, 0);
  bytes.writeUInt16LE(element, 2);
  bytes.write(vr.name, 4, 'latin1');
  if (vr.long) {
    bytes.writeUInt16LE(0, 6);
    bytes.writeUInt32LE(padded, 8);
  } else {
    bytes.writeUInt16LE(padded, 6);
  }
  value.copy(bytes, header);
  return bytes;
}

/**
 * Reads the file meta information back. The group length is not believed: the group ends where another begins.
 * @throws DicomError when there is none, or none with a transfer syntax
 */
export function readFileMeta(source: ByteSource): FileMeta & { dataSetOffset: number } {
  const cursor = new Cursor(source);
  const start = PREAMBLE + PREFIX.length;
  if (source.size < start) throw new DicomError('no-file-meta', 'the file is shorter than a Part 10 header');
  const at = cursor.ensure(PREAMBLE, PREFIX.length);
  if (cursor.bytes.toString('latin1', at, at + PREFIX.length) !== PREFIX) {
    throw new DicomError('no-file-meta', 'the file has no DICM prefix');
  }
  const meta: FileMeta = {
    sopClassUID: '',
    sopInstanceUID: '',
    transferSyntaxUID: '',
    implementationClassUID: '',
    implementationVersionName: '',
  };
  let creatorUID = '';
  let position = start;
  for (;;) {
    const found = readElement(cursor, position);
    if (found === undefined) break;
    const { element, bytes, end } = found;
    const field = FIELDS.find((each) => each.element === element)?.field;
    if (field !== undefined) meta[field] = text(bytes);
    else if (element === PRIVATE_CREATOR) creatorUID = text(bytes);
    else if (element === PRIVATE_INFORMATION) meta.privateInformation = { creatorUID, bytes };
    position = end;
  }
  if (meta.transferSyntaxUID === '') {
    throw new DicomError('file-meta-broken', 'the file meta information names no transfer syntax');
  }
  return { ...meta, dataSetOffset: position };
}

/** undefined: here the group ends. */
function readElement(
  cursor: Cursor,
  position: number,
): { element: number; bytes: Buffer; end: number } | undefined {
  const { size } = cursor.source;
  if (position + HEADER > size) return undefined;
  const at = cursor.ensure(position, LONG_HEADER);
  const header = cursor.bytes;
  if (header.readUInt16LE(at) !== GROUP) return undefined;
  const vr = vrOfBytes(header.readUInt8(at + 4), header.readUInt8(at + 5));
  if (vr === undefined) throw broken(position);
  const long = vr.long;
  if (long && position + LONG_HEADER > size) throw broken(position);
  const length = long ? header.readUInt32LE(at + 8) : header.readUInt16LE(at + 6);
  const start = position + (long ? LONG_HEADER : HEADER);
  if (length > LONGEST || start + length > size) throw broken(position);
  const from = cursor.ensure(start, length);
  return {
    element: header.readUInt16LE(at + 2),
    bytes: cursor.bytes.subarray(from, from + length),
    end: start + length,
  };
}

function broken(position: number): DicomError {
  return new DicomError('file-meta-broken', `the file meta information cannot be read at byte ${position}`);
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1', 0, bytes.length).replace(/^ +|[ \0]+$/g, '');
}
