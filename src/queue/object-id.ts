import { createHash, randomBytes } from 'node:crypto';

/** Digits of a millisecond timestamp until the year 2286, and of a counter that outlasts any run. */
const TIME_DIGITS = 13;
const COUNT_DIGITS = 10;
const MAX_SIZE_DIGITS = 16;

const NAME_LENGTH = TIME_DIGITS + 1 + COUNT_DIGITS;
const ID = new RegExp(
  `^\\d{${TIME_DIGITS}}-\\d{${COUNT_DIGITS}}(?:-\\d{1,${MAX_SIZE_DIGITS}}(?:-(?:[0-9a-f]{8})?(?:-[0-9a-f]{32})?)?)?$`,
);
const ACKNOWLEDGE_ID = new RegExp(`^\\d{${TIME_DIGITS}}-\\d{${COUNT_DIGITS}}-a[0-9a-f]{32}$`);

/** True for what `objectIds` makes: so a stray file in the queue's folder is not taken for an object. */
export function isObjectId(text: string): boolean {
  return ID.test(text);
}

/** What an id says of the object's bytes: whoever reads them can tell whether they are those that were received. */
export interface BytesFacts {
  /** Bytes. Undefined in ids of the first versions. */
  size?: number;
  /** CRC-32. Undefined in ids of versions before 0.2, and where the bytes do not leave memory. */
  checksum?: number;
}

export function factsInId(id: string): BytesFacts {
  const [size, checksum] = id.slice(NAME_LENGTH + 1).split('-');
  return {
    ...(size && { size: Number(size) }),
    ...(checksum && { checksum: Number.parseInt(checksum, 16) }),
  };
}

/** The size alone, at a tenth of the cost: it is asked for each object. */
export function sizeInId(id: string): number | undefined {
  const size = Number.parseInt(id.slice(NAME_LENGTH + 1, NAME_LENGTH + 1 + MAX_SIZE_DIGITS), 10);
  return Number.isNaN(size) ? undefined : size;
}

/**
 * Makes names that sort in the order they were made, also across restarts and when the clock was set back: the time of
 * this run, or that of the newest name found if it is later, then a count.
 * @throws an Error where no name sorts behind the newest: what would be kept under a longer one is not found again
 */
export function sequence(newestFound: string | undefined, now: number): () => string {
  const found = newestFound === undefined ? 0 : Number(newestFound.slice(0, TIME_DIGITS)) + 1;
  const run = String(Math.max(now, found)).padStart(TIME_DIGITS, '0');
  if (run.length > TIME_DIGITS)
    throw new Error(`no name comes behind ${newestFound}, which is none of this queue: move that file away`);
  let count = 0;
  return () => {
    count += 1;
    return `${run}-${String(count).padStart(COUNT_DIGITS, '0')}`;
  };
}

/** Sorts behind all names of the run that made this one, and before those of later runs. */
export function endOfRun(name = ''): string {
  return name === '' ? '' : `${name.slice(0, TIME_DIGITS)}~`;
}

/** The part of an id, or of an acknowledge id, by which it sorts. No two objects of a queue share it. */
export function sequenceOf(id: string): string {
  return id.slice(0, NAME_LENGTH);
}

/**
 * A name of the object for those who are to acknowledge it and never to open it: the id cannot be found from it. It is made
 * of the id, and so is as random as that, in the object's record as that, and valid after a restart.
 */
export function acknowledgeIdOf(id: string): string {
  const digest = createHash('sha256')
    .update(`acknowledge ${id}`)
    .digest('hex')
    .slice(0, 2 * RANDOM_BYTES);
  return `${sequenceOf(id)}-a${digest}`;
}

/** Whether this names the object: its id, or its acknowledge id. */
export function isNameOf(name: string, id: string): boolean {
  if (name === id) return true;
  return sequenceOf(name) === sequenceOf(id) && isAcknowledgeId(name) && name === acknowledgeIdOf(id);
}

export function isAcknowledgeId(text: string): boolean {
  return ACKNOWLEDGE_ID.test(text);
}

/** So that nobody can guess an id. */
const RANDOM_BYTES = 16;
/** For this many ids at once: asking the system for those of one, and writing them as text, costs as much. */
const POOL_IDS = 256;
const pool = { hex: '', used: 0 };

/** 128 random bits, as hexadecimal digits. */
export function randomHex(): string {
  if (pool.used === pool.hex.length)
    Object.assign(pool, { hex: randomBytes(POOL_IDS * RANDOM_BYTES).toString('hex'), used: 0 });
  pool.used += 2 * RANDOM_BYTES;
  return pool.hex.slice(pool.used - 2 * RANDOM_BYTES, pool.used);
}

/** Makes ids: the next name of a sequence, the object's size, its checksum where that is known, and 128 random bits. */
export function objectIds(newestFound: string | undefined, now: number): (facts: BytesFacts) => string {
  const next = sequence(newestFound, now);
  return ({ size = 0, checksum }) =>
    `${next()}-${size}-${checksum?.toString(16).padStart(8, '0') ?? ''}-${randomHex()}`;
}
