import type { Text } from '../../runtime/node-texts';
import type { ShownStatus } from '../../runtime/status-display';
import { timeOfDay } from '../../runtime/time-of-day';

export interface StudyFacts {
  isInvalid: boolean;
  /** The state cannot be read. */
  isBroken: boolean;
  open: number;
  heldUp: number;
  /** Milliseconds of the wall clock; Infinity: not known. */
  next: number;
  unacknowledged: number;
}

/** What is wrong first; then what is open, how much of it waits for others, when the next message is due, and what waits to be acknowledged. */
export function studyStatus(text: Text, facts: StudyFacts): ShownStatus {
  const { isInvalid, isBroken, open, heldUp, next, unacknowledged } = facts;
  if (isInvalid) return { state: 'invalid', fill: 'red', shape: 'ring', text: text('status.settings') };
  if (isBroken) return { state: 'broken', fill: 'red', shape: 'dot', text: text('status.broken') };
  const waiting = unacknowledged > 0 ? [text('status.unacknowledged', { count: unacknowledged })] : [];
  if (open > 0) {
    const due = next < Infinity ? [text('status.next', { time: timeOfDay(next) })] : [];
    const held = heldUp > 0 ? [text('status.heldUp', { count: heldUp })] : [];
    const shown = [text('status.open', { count: open }), ...held, ...due, ...waiting];
    return { state: 'open', fill: 'blue', shape: 'dot', text: shown.join(', ') };
  }
  if (unacknowledged > 0)
    return { state: 'unacknowledged', fill: 'blue', shape: 'ring', text: waiting.join() };
  return { state: 'idle', fill: 'green', shape: 'ring', text: text('status.idle') };
}
