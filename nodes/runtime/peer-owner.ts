import type { PeerState } from '../../src/sender';

/** A deployed node that stands for a peer. */
export abstract class PeerOwner {
  /** As people call it. */
  abstract readonly name: string;
  /** Why nothing can be sent to it; undefined: something can. */
  abstract readonly problem: string | undefined;
  /** How it fares; undefined: nothing has been sent to it yet. */
  abstract readonly state: PeerState | undefined;
  /** Calls back when the state has changed. Returns how to end that. */
  abstract watch(listener: () => void): () => void;
}
