import { randomHex, sequenceOf } from '../../object-id';
import type { Database } from '../database';
import { BLOCK_OBJECTS } from '../schema';

const COUNT_DIGITS = 10;
const MOST_NUMBERS = 10 ** COUNT_DIGITS;

/** Numbers of objects, which grow in each instance, and no two of which are the same: blocks of them are the instance's. */
export class ObjectNumbers {
  private next = 0;
  private end = 0;
  private more: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
  ) {}

  /** @throws the client's error */
  async take(): Promise<number> {
    while (this.next >= this.end) {
      this.more ??= this.fetch().finally(() => (this.more = undefined));
      await this.more;
    }
    return this.next++;
  }

  /** A number for an association: those that begin later have greater ones. @throws the client's error */
  async stream(): Promise<number> {
    const [row] = await this.database.rows(`SELECT nextval('"${this.schema}".number') AS number`);
    return Number(row?.['number']);
  }

  private async fetch(): Promise<void> {
    const [row] = await this.database.rows(`SELECT nextval('"${this.schema}".block') AS block`);
    const block = Number(row?.['block']);
    if ((block + 1) * BLOCK_OBJECTS > MOST_NUMBERS) throw new Error('the queue has no numbers left');
    [this.next, this.end] = [block * BLOCK_OBJECTS, (block + 1) * BLOCK_OBJECTS];
  }
}

/**
 * The id of an object, which says its number, so that it is found by any of its names.
 * @param at when it was put, by the database's clock or near it: milliseconds
 */
export function idOfNumber(seq: number, at: number, size: number, checksum: number): string {
  const name = `${String(Math.trunc(at)).padStart(13, '0')}-${String(seq).padStart(COUNT_DIGITS, '0')}`;
  return `${name}-${size}-${checksum.toString(16).padStart(8, '0')}-${randomHex()}`;
}

/** The number in the id, or in the acknowledge id, of an object. */
export function numberIn(name: string): number {
  return Number(sequenceOf(name).slice(-COUNT_DIGITS));
}
