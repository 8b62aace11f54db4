import type { PeerOwner } from '../../runtime/peers';

/** Peers that do not let us in until somebody changes settings: each is told of once, until it could be reached again. */
export class RejectingPeers {
  private readonly told = new Set<PeerOwner>();

  constructor(private readonly tell: (peer: string, reason: string) => void) {}

  /** The state of this peer has changed. */
  changed(peer: PeerOwner): void {
    const outage = peer.state?.outage;
    if (outage === undefined) this.told.delete(peer);
    if (outage?.isConfiguration !== true || this.told.has(peer)) return;
    this.told.add(peer);
    this.tell(peer.name, outage.reason);
  }
}
