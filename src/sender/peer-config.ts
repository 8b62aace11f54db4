import { createHash } from 'node:crypto';
import type { ScuTarget, ScuTls } from '../network';
import { pick, type DicomPeerField, type DicomPeerSettings } from '../settings';

/** What the sender uses of a peer's settings. */
const PEER_SETTINGS = [
  'host',
  'port',
  'calledAET',
  'callingAET',
  'sendAs',
  'commit',
  'commitThrough',
  'commitTimeoutMinutes',
  'connectTimeoutSeconds',
  'associationTimeoutSeconds',
  'responseTimeoutSeconds',
  'writeTimeoutSeconds',
  'maxAssociations',
  'lingerSeconds',
  'objectsPerAssociation',
  'maxPduLength',
] as const satisfies readonly DicomPeerField[];
export type PeerSettings = Pick<DicomPeerSettings, (typeof PEER_SETTINGS)[number]>;

/** The settings that go to the sender. */
export const peerSettings = (settings: DicomPeerSettings): PeerSettings => pick(settings, PEER_SETTINGS);

/** A peer as the outgoing worker knows it: plain data that can be posted. */
export interface PeerConfig {
  /** The id of its node. */
  id: string;
  /** As people call it. */
  name: string;
  settings: PeerSettings;
  /** Undefined: clear text. */
  tls?: ScuTls;
  userIdentity?: { name: string; passcode?: string };
}

/** Both say the same: what is open to the one serves the other. */
export function isSamePeer(one: PeerConfig, other: PeerConfig): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Where associations with it are opened, and as whom. */
export function scuTarget({ settings, tls, userIdentity }: PeerConfig): ScuTarget {
  const { host, port, callingAET, calledAET } = settings;
  return { host, port, callingAET, calledAET, ...(tls && { tls }), ...(userIdentity && { userIdentity }) };
}

/** By what a peer is known again whose other settings may have changed: 16 hexadecimal digits. */
export function targetOf({ settings: { host, port, calledAET } }: PeerConfig): string {
  return createHash('sha256').update(`${host}\n${port}\n${calledAET}`).digest('hex').slice(0, 16);
}
