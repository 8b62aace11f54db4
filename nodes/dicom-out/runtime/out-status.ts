import type { PeerState } from '../../../src/sender';
import type { Text } from '../../runtime/node-texts';
import type { ShownStatus } from '../../runtime/status-display';

export type OutState = 'invalid' | 'idle' | 'sending' | 'waiting' | 'down' | 'dead';
export type OutStatus = ShownStatus & { state: OutState };

/** What decides the status. */
export interface OutFacts {
  isInvalid: boolean;
  /** Of the peer for which something waits. */
  outage: PeerState['outage'];
  /** Something is being sent to a peer of the node. */
  isSending: boolean;
  /** Objects that are being sent, or wait for that. */
  waiting: number;
  deadLetters: number;
}

export function outStatus(
  text: Text,
  { isInvalid, outage, isSending, waiting, deadLetters }: OutFacts,
): OutStatus {
  if (isInvalid) return { state: 'invalid', fill: 'red', shape: 'ring', text: text('status.settings') };
  if (outage !== undefined)
    return { state: 'down', fill: 'red', shape: 'dot', text: text('status.down', { count: waiting }) };
  if (waiting > 0) {
    const state = isSending ? 'sending' : 'waiting';
    const shape = isSending ? 'dot' : 'ring';
    return { state, fill: 'blue', shape, text: text(`status.${state}`, { count: waiting }) };
  }
  if (deadLetters > 0)
    return { state: 'dead', fill: 'yellow', shape: 'dot', text: text('status.dead', { count: deadLetters }) };
  return { state: 'idle', fill: 'green', shape: 'ring', text: text('status.idle') };
}
