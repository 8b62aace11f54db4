import type { DicomPeerSettings } from '../settings';

/** A peer as the outgoing worker knows it: plain data that can be posted. */
export interface PeerConfig {
  /** The id of its node. */
  id: string;
  /** As people call it. */
  name: string;
  settings: Omit<DicomPeerSettings, 'name' | 'tls' | 'protocol'>;
  /** Undefined: clear text. */
  tls?: PeerTls;
  userIdentity?: { name: string; passcode?: string };
}

/** What the tls-config node of a peer says, as `tls.connect` takes it. */
export interface PeerTls {
  key?: string | Buffer;
  cert?: string | Buffer;
  ca?: string | Buffer;
  pfx?: string | Buffer;
  passphrase?: string;
  servername?: string;
  rejectUnauthorized: boolean;
}

/** Both say the same: what is open to the one serves the other. */
export function isSamePeer(one: PeerConfig, other: PeerConfig): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
