import type { NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import { failureText } from '../../../src/sender';
import { splitList, type DicomOutSettings } from '../../../src/settings';
import {
  DefinedPeers,
  HostNotAllowed,
  MOST_DEFINED_PEERS,
  TooManyPeers,
  type UsedPeer,
} from './defined-peers';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { TooManyLookups } from './host-lookup';
import type { ObjectMessage } from '../../runtime/objects';
import { readDefinition, WrongDefinition } from './peer-definition';
import { PeerOwner, usablePeer } from '../../runtime/peers';
import { shownJson } from '../../runtime/plain-json';
import { OutFailed } from './out-error';

type PeerChoice = Pick<DicomOutSettings, 'peer' | 'peersFromMessage' | 'allowedPeerHosts'>;

/** The peer to which a message is to go: the node's, one of those that messages may name, or one that it defines. @throws OutFailed */
export function peerOf(
  RED: NodeAPI,
  { peer: configured, peersFromMessage, allowedPeerHosts }: PeerChoice,
  { peer: named }: ObjectMessage,
): Promise<UsedPeer> | UsedPeer {
  if (typeof named === 'object' && named !== null)
    return definedPeer(RED, named, splitList(allowedPeerHosts));
  const ids = named === undefined ? [configured] : peersFromMessage;
  const found = ids
    .map((id) => [id, deployedNodes.get(id, PeerOwner)] as const)
    .filter(([id, peer]) => named === undefined || id === named || peer?.name === named);
  const [only] = found;
  if (only === undefined || found.length > 1) throw new OutFailed('noPeer', { peer: shownJson(named) });
  const [id] = only;
  const peer = usablePeer(RED, id);
  if (typeof peer === 'string') throw new OutFailed('peerMissing', { reason: peer });
  return { id, peer, release: () => undefined };
}

/** @param ranges in which it may be @throws OutFailed */
async function definedPeer(RED: NodeAPI, defined: object, ranges: readonly string[]): Promise<UsedPeer> {
  try {
    return await DefinedPeers.of(RED).use(readDefinition(RED, defined), ranges);
  } catch (error) {
    throw definitionFailure(error);
  }
}

/** Why there is no such peer. */
export function definitionFailure(error: unknown): OutFailed {
  const { message, code = '' } = asError(error) as NodeJS.ErrnoException;
  if (error instanceof HostNotAllowed) return new OutFailed('peerNotAllowed', { address: message });
  if (error instanceof WrongDefinition) return new OutFailed('wrongPeer', { reason: message });
  if (error instanceof TooManyPeers || error instanceof TooManyLookups)
    return new OutFailed('peersBusy', { max: MOST_DEFINED_PEERS });
  // Its name cannot be looked up.
  return new OutFailed('unreachable', { reason: failureText({ code, text: message }) });
}
