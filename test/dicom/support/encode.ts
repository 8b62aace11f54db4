/** Writes data sets byte by byte, right and wrong ones, for the tests. */

const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

export interface Encoding {
  explicit?: boolean;
  bigEndian?: boolean;
}

export const UNDEFINED = 0xffffffff;

/** An element with its value as bytes or Latin-1 text; no padding is added. `length` overrides the true one. */
export function element(
  tag: number,
  vr: string,
  value: Buffer | string,
  { explicit = true, bigEndian = false, length }: Encoding & { length?: number } = {},
): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const header = Buffer.alloc(explicit && LONG.has(vr) ? 12 : 8);
  u16(header, tag >>> 16, 0, bigEndian);
  u16(header, tag & 0xffff, 2, bigEndian);
  const size = length ?? bytes.length;
  if (explicit) header.write(vr, 4, 'latin1');
  if (!explicit) u32(header, size, 4, bigEndian);
  else if (LONG.has(vr)) u32(header, size, 8, bigEndian);
  else u16(header, size, 6, bigEndian);
  return Buffer.concat([header, bytes]);
}

function u16(bytes: Buffer, value: number, at: number, bigEndian: boolean): void {
  if (bigEndian) bytes.writeUInt16BE(value & 0xffff, at);
  else bytes.writeUInt16LE(value & 0xffff, at);
}

function u32(bytes: Buffer, value: number, at: number, bigEndian: boolean): void {
  if (bigEndian) bytes.writeUInt32BE(value, at);
  else bytes.writeUInt32LE(value, at);
}

/** (FFFE,E000), (FFFE,E00D) or (FFFE,E0DD). */
export function marker(
  element: number,
  length: number,
  content: Buffer = Buffer.alloc(0),
  bigEndian = false,
): Buffer {
  const header = Buffer.alloc(8);
  u16(header, 0xfffe, 0, bigEndian);
  u16(header, element, 2, bigEndian);
  u32(header, length, 4, bigEndian);
  return Buffer.concat([header, content]);
}

export const item = (...elements: Buffer[]): Buffer => {
  const content = Buffer.concat(elements);
  return marker(0xe000, content.length, content);
};
export const openItem = (...elements: Buffer[]): Buffer => marker(0xe000, UNDEFINED, Buffer.concat(elements));
export const itemEnd = marker(0xe00d, 0);
export const sequenceEnd = marker(0xe0dd, 0);

function numbers(
  values: number[],
  write: 'writeUInt16LE' | 'writeInt16LE' | 'writeUInt32LE',
  width: number,
): Buffer {
  const bytes = Buffer.alloc(values.length * width);
  values.forEach((value, index) => bytes[write](value, index * width));
  return bytes;
}

export const us = (...values: number[]): Buffer => numbers(values, 'writeUInt16LE', 2);
