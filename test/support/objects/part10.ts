const LONG_VRS = ['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'];

/** The data set of a Part 10 file: what follows group 0002, found without trusting its group length. */
export function dataSetOf(file: Buffer): Buffer {
  let offset = 132;
  while (offset + 8 <= file.length && file.readUInt16LE(offset) === 2) {
    const isLong = LONG_VRS.includes(file.toString('latin1', offset + 4, offset + 6));
    const length = isLong ? file.readUInt32LE(offset + 8) : file.readUInt16LE(offset + 6);
    offset += (isLong ? 12 : 8) + length;
  }
  return file.subarray(offset);
}
