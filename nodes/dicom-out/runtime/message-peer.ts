import type { NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import {
  DefinedPeers,
  HostNotAllowed,
  MOST_DEFINED_PEERS,
  TooManyPeers,
  type UsedPeer,
} from '../../runtime/defined-peers';
import { TooManyLookups } from '../../runtime/host-lookup';
import { readDefinition, WrongDefinition } from '../../runtime/peer-definition';
import { OutFailed } from './out-error';

/** The peer that a message defines. @param ranges in which it may be @throws OutFailed */
export async function peerOfMessage(
  RED: NodeAPI,
  defined: object,
  ranges: readonly string[],
): Promise<UsedPeer> {
  try {
    return await DefinedPeers.of(RED).use(readDefinition(RED, defined), ranges);
  } catch (error) {
    throw definitionFailure(error);
  }
}

/** Why there is no such peer. */
export function definitionFailure(error: unknown): OutFailed {
  const { message } = asError(error);
  if (error instanceof HostNotAllowed) return new OutFailed('peerNotAllowed', { address: message });
  if (error instanceof WrongDefinition) return new OutFailed('wrongPeer', { reason: message });
  if (error instanceof TooManyPeers || error instanceof TooManyLookups)
    return new OutFailed('peersBusy', { max: MOST_DEFINED_PEERS });
  // Its name cannot be looked up.
  return new OutFailed('unreachable', { reason: message });
}
