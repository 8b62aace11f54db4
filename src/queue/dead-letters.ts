import type { DeadLetter } from '../admin-api';
import { ObjectDamaged } from './object-damaged';

/** A part of the list of dead letters, which may be long. */
export interface LetterPage {
  /** Only letters whose id sorts behind this one. */
  after?: string;
  /** At most this many, 1 to `MAX_LETTERS`; default `LETTERS`. */
  limit?: number;
}

/** Dead letters of a page, where nothing else is asked for, and at most. */
export const LETTERS = 100;
export const MAX_LETTERS = 1_000;

/** Objects that were set aside, for an operator to look at. */
export interface DeadLetters {
  /** In the order of their ids, which is that of their arrival. */
  list(page?: LetterPage): Promise<DeadLetter[]>;
  /** How many there are. */
  count(): Promise<number>;
  has(id: string): boolean | Promise<boolean>;
  /**
   * Puts it back into the queue, as if it had just come. False when it is not there.
   * @throws an Error when a later version has written its note
   */
  requeue(id: string): boolean | Promise<boolean>;
  /** Deletes it. False when it is not there. @throws as `requeue` */
  discard(id: string): boolean | Promise<boolean>;
}

/** Those of a queue of one process: what is here need not be waited for. */
export interface LocalDeadLetters extends DeadLetters {
  has(id: string): boolean;
  requeue(id: string): boolean;
  discard(id: string): boolean;
}

/**
 * Whether an object could be made a dead letter. Where it could not, nothing has changed.
 * @param setAside returns why the letter has no note
 * @param onLeftover told why not, and of that
 */
export function couldSetAside(
  setAside: () => Error | undefined,
  onLeftover: (error: Error) => void,
): boolean {
  try {
    const failure = setAside();
    if (failure !== undefined) onLeftover(failure);
    return true;
  } catch (error) {
    onLeftover(error as Error);
    // What is not there any more cannot be kept.
    return error instanceof ObjectDamaged;
  }
}
