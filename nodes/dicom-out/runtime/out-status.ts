import type { PeerState } from '../../../src/sender';
import type { Text } from '../../runtime/node-texts';
import type { ShownStatus } from '../../runtime/status-display';
import { timeOfDay } from '../../runtime/time-of-day';

export type OutState = 'invalid' | 'peer' | 'idle' | 'sending' | 'waiting' | 'down' | 'dead';
export type OutStatus = ShownStatus & { state: OutState };

/** What decides the status. */
export interface OutFacts {
  isInvalid: boolean;
  /** A peer of the node is not deployed, or has wrong settings. */
  hasUnusablePeer: boolean;
  /** Of a peer of the node. */
  outage: PeerState['outage'];
  /** Something is being sent to a peer of the node. */
  isSending: boolean;
  /** Objects that are being sent, or wait for that. */
  waiting: number;
  deadLetters: number;
}

/** What is wrong, or under way, first; then what waits behind it, and what has failed. */
export function outStatus(text: Text, facts: OutFacts): OutStatus {
  const { isInvalid, hasUnusablePeer, outage, isSending, waiting, deadLetters } = facts;
  if (isInvalid) return { state: 'invalid', fill: 'red', shape: 'ring', text: text('status.settings') };
  if (hasUnusablePeer) return { state: 'peer', fill: 'red', shape: 'ring', text: text('status.peer') };
  const count = (name: 'sending' | 'waiting' | 'dead', of: number): string[] =>
    of > 0 ? [text(`status.${name}`, { count: of })] : [];
  const dead = count('dead', deadLetters);
  const shown = (parts: string[]): string => [...parts, ...dead].join(', ');
  if (outage !== undefined) {
    const since = timeOfDay(outage.since);
    // Without an object there is no next try.
    const down =
      waiting > 0
        ? text('status.down', { since, next: timeOfDay(outage.nextTry) })
        : text('status.downIdle', { since });
    return { state: 'down', fill: 'red', shape: 'dot', text: shown([down, ...count('waiting', waiting)]) };
  }
  if (waiting > 0) {
    const state = isSending ? 'sending' : 'waiting';
    const shape = isSending ? 'dot' : 'ring';
    return { state, fill: 'blue', shape, text: shown(count(state, waiting)) };
  }
  if (deadLetters > 0) return { state: 'dead', fill: 'yellow', shape: 'dot', text: shown([]) };
  return { state: 'idle', fill: 'green', shape: 'ring', text: text('status.idle') };
}
