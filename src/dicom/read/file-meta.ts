import { DicomError } from '../errors';
import { type Vr, VR, vrOfBytes } from '../standard';
import { CODE, trimmed } from '../text';
import { type ByteSource, Cursor } from './byte-source';
import { HEADER, LONG_HEADER } from './header-lengths';

const { SPACE } = CODE;

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
/** Far more than any file meta information has; what is longer is none. */
const LONGEST = 1024 * 1024;

const GROUP_LENGTH = 0x0000;
const VERSION = 0x0001;
const VERSION_1 = Buffer.from([0, 1]);
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
 * with its length (PS3.10 7.1). Written into one piece of memory: it is part of the cost of every object received.
 */
export function encodeFileMeta(meta: FileMeta): Buffer {
  const elements: MetaElement[] = [[VERSION, VR.OB, VERSION_1]];
  for (const { element, vr, field } of FIELDS) {
    const value = meta[field];
    if (value !== undefined) elements.push([element, vr, value]);
  }
  if (meta.privateInformation !== undefined) {
    const { creatorUID, bytes } = meta.privateInformation;
    elements.push([PRIVATE_CREATOR, VR.UI, creatorUID], [PRIVATE_INFORMATION, VR.OB, bytes]);
  }
  const groupLength = elements.reduce((sum, element) => sum + encodedLength(element), 0);
  const start = PREAMBLE + PREFIX.length;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(groupLength);
  const bytes = Buffer.alloc(start + HEADER + length.length + groupLength);
  bytes.write(PREFIX, PREAMBLE, 'latin1');
  let at = writeElement(bytes, start, [GROUP_LENGTH, VR.UL, length]);
  for (const element of elements) at = writeElement(bytes, at, element);
  return bytes;
}

/** Element number, VR, and value: text in latin1, or bytes. */
type MetaElement = readonly [element: number, vr: Vr, value: string | Buffer];

const headerLength = (vr: Vr): number => (vr.long ? LONG_HEADER : HEADER);

function encodedLength([, vr, { length }]: MetaElement): number {
  return headerLength(vr) + length + (length % 2);
}

/** Into bytes that are zero. Returns where it ends. */
function writeElement(bytes: Buffer, at: number, element: MetaElement): number {
  const [number, vr, value] = element;
  const start = at + headerLength(vr);
  const end = at + encodedLength(element);
  bytes.writeUInt16LE(GROUP, at);
  bytes.writeUInt16LE(number, at + 2);
  bytes.writeUInt16LE(vr.letters, at + 4);
  if (vr.long) bytes.writeUInt32LE(end - start, at + 8);
  else bytes.writeUInt16LE(end - start, at + 6);
  if (typeof value === 'string') bytes.write(value, start, 'latin1');
  else value.copy(bytes, start);
  // Text is padded with a space, UIDs and bytes with a zero (PS3.5 6.2).
  if (value.length % 2 !== 0 && vr !== VR.UI && vr !== VR.OB) bytes[end - 1] = SPACE;
  return end;
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

/**
 * What stands before the data set, with other values of some attributes. All else is as it was, also what is not known.
 * @param source whose file meta information can be read
 */
export function changedFileMeta(source: ByteSource, changes: Partial<Record<TextField, string>>): Buffer {
  const cursor = new Cursor(source);
  const start = PREAMBLE + PREFIX.length;
  const elements = new Map<number, Buffer>();
  for (
    let at = start, found = readElement(cursor, at);
    found !== undefined;
    found = readElement(cursor, at)
  ) {
    elements.set(found.element, source.read(at, found.end - at));
    at = found.end;
  }
  for (const { element, vr, field } of FIELDS) {
    const value = changes[field];
    if (value !== undefined) elements.set(element, encoded([element, vr, value]));
  }
  const group = [...elements].filter(([element]) => element !== GROUP_LENGTH).sort(([a], [b]) => a - b);
  const content = Buffer.concat(group.map(([, bytes]) => bytes));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([source.read(0, start), encoded([GROUP_LENGTH, VR.UL, length]), content]);
}

function encoded(element: MetaElement): Buffer {
  const bytes = Buffer.alloc(encodedLength(element));
  writeElement(bytes, 0, element);
  return bytes;
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
  return trimmed(bytes.toString('latin1', 0, bytes.length));
}
