/** Digits of a millisecond timestamp until the year 2286, and of a counter that outlasts any run. */
const TIME_DIGITS = 13;
const COUNT_DIGITS = 10;

const ID = new RegExp(`^\\d{${TIME_DIGITS}}-\\d{${COUNT_DIGITS}}$`);

/** True for what `objectIds` makes: so a stray file in the queue's folder is not taken for an object. */
export function isObjectId(text: string): boolean {
  return ID.test(text);
}

/**
 * Makes ids that sort in the order they were made, also across restarts and when the clock was set back: the time of
 * this run, or that of the newest id found if it is later, then a count.
 */
export function objectIds(newestFound: string | undefined, now: number): () => string {
  const found = newestFound === undefined ? 0 : Number(newestFound.slice(0, TIME_DIGITS)) + 1;
  const run = String(Math.max(now, found)).padStart(TIME_DIGITS, '0');
  let count = 0;
  return () => {
    count += 1;
    return `${run}-${String(count).padStart(COUNT_DIGITS, '0')}`;
  };
}
