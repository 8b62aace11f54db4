/** Pseudo-random numbers from a seed (mulberry32), so that a failure can be run again. */
export class Random {
  constructor(private state: number) {}

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}

/** Numbers that length fields are afraid of. */
const LENGTHS = [0, 1, 2, 3, 5, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0xfffffffe, 0xffffffff];
/** Damage happens here twice as often as elsewhere: where PDUs, items and command sets are. */
const HEAD = 600;

type Mutation = (stream: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const position = (stream: Buffer, random: Random): number =>
  random.below(random.below(2) === 0 ? Math.min(stream.length, HEAD) : stream.length);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(stream, random) {
    const at = position(stream, random);
    stream[at] = (stream[at] ?? 0) ^ (1 << random.below(8));
    return stream;
  },
  function setByte(stream, random) {
    stream[position(stream, random)] = random.below(256);
    return stream;
  },
  function setLength16(stream, random) {
    const at = Math.min(position(stream, random), Math.max(stream.length - 2, 0));
    if (stream.length >= 2) stream.writeUInt16BE(random.pick(LENGTHS) & 0xffff, at);
    return stream;
  },
  function setLength32(stream, random) {
    const at = Math.min(position(stream, random), Math.max(stream.length - 4, 0));
    const length = random.pick(LENGTHS);
    if (stream.length < 4) return stream;
    if (random.below(2) === 0) stream.writeUInt32BE(length, at);
    else stream.writeUInt32LE(length, at);
    return stream;
  },
  function truncate(stream, random) {
    return stream.subarray(0, position(stream, random) + 1);
  },
  function remove(stream, random) {
    const at = position(stream, random);
    return Buffer.concat([stream.subarray(0, at), stream.subarray(at + 1 + random.below(16))]);
  },
  function insert(stream, random) {
    const at = position(stream, random);
    const noise = Buffer.from(Array.from({ length: 1 + random.below(32) }, () => random.below(256)));
    return Buffer.concat([stream.subarray(0, at), noise, stream.subarray(at)]);
  },
  function repeat(stream, random) {
    const at = position(stream, random);
    const end = Math.min(stream.length, at + 1 + random.below(300));
    return Buffer.concat([stream.subarray(0, end), stream.subarray(at)]);
  },
  function splice(stream, random, others) {
    const other = random.pick(others);
    return Buffer.concat([
      stream.subarray(0, position(stream, random)),
      other.subarray(position(other, random)),
    ]);
  },
];

/** One to four kinds of damage, one after the other. The original is left as it is. */
export function mutate(original: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let stream: Buffer = Buffer.from(original);
  for (let left = 1 + random.below(4); left > 0 && stream.length > 0; left -= 1) {
    stream = random.pick(MUTATIONS)(stream, random, others);
  }
  return stream;
}

/** Cuts a stream into pieces as a network might: few large ones, or many small ones at its beginning. */
export function* chunks(stream: Buffer, random: Random): Generator<Buffer> {
  const size = random.pick([1, 7, 64, 1_460, 65_536]);
  let at = 0;
  // Byte by byte all through a data set would only cost time.
  for (; at < stream.length && at < HEAD && size < 64; at += size)
    yield stream.subarray(at, Math.min(at + size, HEAD));
  if (size < 64) at = Math.min(HEAD, stream.length);
  const rest = Math.max(size, 1_460);
  for (; at < stream.length; at += rest) yield stream.subarray(at, at + rest);
}
