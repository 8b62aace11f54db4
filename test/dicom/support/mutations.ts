import { Cursor, bufferSource } from '../../../src/dicom/read/byte-source';
import { encodingOf } from '../../../src/dicom/read/encoding';
import { walkDataSet } from '../../../src/dicom/read/structure';
import { NOBODY, type StructureVisitor } from '../../../src/dicom/read/structure-visitor';
import { transferSyntax } from '../../../src/dicom/standard/transfer-syntax';
import { NoWarnings } from '../../../src/dicom/warnings';
import { metaOf } from './corpus-objects';

/** A random number generator with a seed (mulberry32): a failure can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000) * limit);
  }

  of<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }
}

/** Where in an object the structure has joints: headers begin and values begin and end there. */
export function boundaries(bytes: Buffer): number[] {
  const { transferSyntaxUID, dataSetOffset } = metaOf(bytes);
  const syntax = transferSyntax(transferSyntaxUID);
  const found = new Set<number>([dataSetOffset]);
  if (syntax.deflated) return [dataSetOffset];
  const visitor: StructureVisitor = {
    ...NOBODY,
    element: (_tag, _vr, offset, length) => {
      for (const header of [0, 4, 8, 12]) if (offset - header >= dataSetOffset) found.add(offset - header);
      found.add(offset + length);
    },
    fragments: (_tag, _vr, offset, length) => found.add(offset).add(offset + length),
  };
  walkDataSet(new Cursor(bufferSource(bytes)), dataSetOffset, encodingOf(syntax), visitor, new NoWarnings());
  return [...found].sort((a, b) => a - b);
}

const LENGTHS = [0, 1, 3, 7, 8, 0xff, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0xfffffffe, 0xffffffff];
const VRS = ['SQ', 'UN', 'OB', 'OW', 'UT', 'PN', 'US', 'FD', 'AT', 'DS', 'UI', 'SV', 'ZZ', 'ox', '\0\0'];

const MUTATIONS: readonly ((bytes: Buffer, at: number, random: Random) => Buffer)[] = [
  function truncated(bytes, at) {
    return bytes.subarray(0, at);
  },
  function flipped(bytes, _at, random) {
    const copy = Buffer.from(bytes);
    for (let count = 1 + random.below(8); count > 0; count -= 1) {
      const index = 132 + random.below(copy.length - 132);
      copy.writeUInt8(copy.readUInt8(index) ^ (1 << random.below(8)), index);
    }
    return copy;
  },
  function wrongLength(bytes, at, random) {
    const copy = Buffer.from(bytes);
    if (at < 136) return copy;
    if (random.below(2) === 0) copy.writeUInt32LE(random.of(LENGTHS), at - 4);
    else copy.writeUInt16LE(random.of(LENGTHS) & 0xffff, at - 2);
    return copy;
  },
  function wrongVr(bytes, at, random) {
    const copy = Buffer.from(bytes);
    if (at < 140) return copy;
    copy.write(random.of(VRS), at - random.of([4, 8]), 'latin1');
    return copy;
  },
  function removed(bytes, at, random) {
    const length = random.below(64);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
  },
  function inserted(bytes, at, random) {
    const noise = Buffer.from(Array.from({ length: 1 + random.below(64) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function repeated(bytes, at, random) {
    const from = Math.max(132, at - random.below(256));
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, at), bytes.subarray(at)]);
  },
  function nested(bytes, at, random) {
    return Buffer.concat([
      bytes.subarray(0, at),
      nestedSequences(1 + random.below(10_000)),
      bytes.subarray(at),
    ]);
  },
  function charsetChanged(bytes, _at, random) {
    const copy = Buffer.from(bytes);
    const found = copy.indexOf('ISO_IR');
    if (found >= 0)
      copy.write(random.of(['\\ISO 2', 'GB1803', 'ISO_XX', '\x1b$B\x1b$', '=^\\=^\\']), found, 'latin1');
    return copy;
  },
];

/** Sequences of undefined length within each other, explicit VR little endian, never closed. */
export function nestedSequences(depth: number): Buffer {
  const one = Buffer.alloc(20);
  one.writeUInt16LE(0x0040, 0);
  one.writeUInt16LE(0xa730, 2);
  one.write('SQ', 4, 'latin1');
  one.writeUInt32LE(0xffffffff, 8);
  one.writeUInt16LE(0xfffe, 12);
  one.writeUInt16LE(0xe000, 14);
  one.writeUInt32LE(0xffffffff, 16);
  return Buffer.concat(new Array<Buffer>(depth).fill(one));
}

/** One damaged form of an object, and the name of what was done to it. */
export function mutate(bytes: Buffer, joints: number[], random: Random): { name: string; bytes: Buffer } {
  const mutation = random.of(MUTATIONS);
  const at = random.of(joints);
  return { name: `${mutation.name} at ${at}`, bytes: mutation(bytes, at, random) };
}
