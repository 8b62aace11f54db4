/** Digits of a millisecond timestamp until the year 2286, and of a counter that outlasts any run. */
const TIME_DIGITS = 13;
const COUNT_DIGITS = 10;

const NAME_LENGTH = TIME_DIGITS + 1 + COUNT_DIGITS;
const ID = new RegExp(`^\\d{${TIME_DIGITS}}-\\d{${COUNT_DIGITS}}(?:-\\d{1,16}(?:-[0-9a-f]{8})?)?$`);

/** True for what `objectIds` makes: so a stray file in the queue's folder is not taken for an object. */
export function isObjectId(text: string): boolean {
  return ID.test(text);
}

/** What an id says of the object's bytes: whoever reads them can tell whether they are those that were received. */
export interface ObjectFacts {
  /** Bytes. Undefined in ids of the first versions. */
  size?: number;
  /** CRC-32. Undefined in ids of versions before 0.2. */
  checksum?: number;
}

export function factsInId(id: string): ObjectFacts {
  const [size, checksum] = id.slice(NAME_LENGTH + 1).split('-');
  return {
    ...(size && { size: Number(size) }),
    ...(checksum && { checksum: Number.parseInt(checksum, 16) }),
  };
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

/** Makes ids: the next name of a sequence, the object's size, and its checksum where that is known. */
export function objectIds(newestFound: string | undefined, now: number): (facts: ObjectFacts) => string {
  const next = sequence(newestFound, now);
  return ({ size = 0, checksum }) =>
    checksum === undefined
      ? `${next()}-${size}`
      : `${next()}-${size}-${checksum.toString(16).padStart(8, '0')}`;
}
