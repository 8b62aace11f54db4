/** Digits of a millisecond timestamp until the year 2286, and of a counter that outlasts any run. */
const TIME_DIGITS = 13;
const COUNT_DIGITS = 10;

const PREFIX = TIME_DIGITS + 1 + COUNT_DIGITS + 1;
const ID = new RegExp(`^\\d{${TIME_DIGITS}}-\\d{${COUNT_DIGITS}}(?:-\\d{1,16})?$`);

/** True for what `objectIds` makes: so a stray file in the queue's folder is not taken for an object. */
export function isObjectId(text: string): boolean {
  return ID.test(text);
}

/**
 * The size of the object, in bytes: a file that is shorter was cut off before it was complete. Undefined in ids of the
 * first versions, whose files were renamed when they were complete.
 */
export function sizeInId(id: string): number | undefined {
  return id.length > PREFIX ? Number(id.slice(PREFIX)) : undefined;
}

/**
 * Makes names that sort in the order they were made, also across restarts and when the clock was set back: the time of
 * this run, or that of the newest name found if it is later, then a count.
 */
export function sequence(newestFound: string | undefined, now: number): () => string {
  const found = newestFound === undefined ? 0 : Number(newestFound.slice(0, TIME_DIGITS)) + 1;
  const run = String(Math.max(now, found)).padStart(TIME_DIGITS, '0');
  let count = 0;
  return () => {
    count += 1;
    return `${run}-${String(count).padStart(COUNT_DIGITS, '0')}`;
  };
}

/** Makes ids: the next name of a sequence, and the object's size at the end. */
export function objectIds(newestFound: string | undefined, now: number): (size: number) => string {
  const next = sequence(newestFound, now);
  return (size) => `${next()}-${size}`;
}
