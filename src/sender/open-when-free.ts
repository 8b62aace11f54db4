import { setTimeout as pause } from 'node:timers/promises';
import { BackOff } from '../basics';
import type { OutgoingObject } from '../object';
import { isForNow } from './for-now';

const FIRST_MS = 100;
const LAST_MS = 2_000;
/** A node that is deployed anew has its queue again in far less. */
const LONGEST_MS = 60_000;

/** Opens an object, again and again while its queue has too many open or does not answer. @throws what `open` throws otherwise, or in the end */
export async function openWhenFree(open: () => Promise<OutgoingObject>): Promise<OutgoingObject> {
  const backOff = new BackOff(FIRST_MS, LAST_MS);
  const until = performance.now() + LONGEST_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!isForNow(error) || performance.now() >= until) throw error;
    }
    await pause(backOff.wait());
  }
}
