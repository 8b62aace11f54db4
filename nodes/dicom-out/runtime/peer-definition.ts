import { createHash } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import { type PeerConfig, peerSettings } from '../../../src/sender';
import { DICOM_PEER, type DicomPeerField, PEER_CREDENTIALS, pick } from '../../../src/settings';
import { errorTexts, nodeTexts } from '../../runtime/node-texts';
import { peerTls } from '../../runtime/peers';

/** What a message may say of a peer. */
const FIELDS = [
  'name',
  'host',
  'port',
  'calledAET',
  'callingAET',
  'tls',
  'tlsServerName',
  'sendAs',
  'connectTimeoutSeconds',
  'associationTimeoutSeconds',
  'responseTimeoutSeconds',
  'writeTimeoutSeconds',
  'maxAssociations',
  'lingerSeconds',
  'objectsPerAssociation',
  'maxPduLength',
] as const satisfies readonly DicomPeerField[];
/** Characters of a value. */
const MOST_TEXT = 256;

/** A peer as a message defines it, checked: plain data, which goes with objects into outboxes. `tls` is an id here. */
export type PeerDefinition = ReturnType<typeof definitionOf>;

/** Why a definition is of no use, in words for an operator. */
export class WrongDefinition extends Error {
  override readonly name = 'WrongDefinition';
}

/**
 * Reads the definition of a peer in a message. Credentials are never taken from there.
 * @throws WrongDefinition
 */
export function readDefinition(RED: NodeAPI, value: object): PeerDefinition {
  const config = Object.fromEntries(Object.entries(value));
  for (const [name, given] of Object.entries(config)) {
    const isCredential = name === 'userIdentity' || Object.hasOwn(PEER_CREDENTIALS, name);
    if (isCredential) throw new WrongDefinition('user names and passcodes are not taken from messages');
    if (!FIELDS.some((field) => field === name))
      throw new WrongDefinition(`${JSON.stringify(name.slice(0, MOST_TEXT))} is no setting for it`);
    const isValue = typeof given === 'number' || (typeof given === 'string' && given.length <= MOST_TEXT);
    if (!isValue) throw new WrongDefinition(`${name} is neither a number nor a text of usual length`);
  }
  const { settings, problems } = DICOM_PEER.parse(config);
  const wrong = errorTexts(nodeTexts(RED, DICOM_PEER.type), problems);
  if (wrong.length > 0) throw new WrongDefinition(wrong.join('; '));
  return definitionOf({ ...settings, tls: settings.tls === '' ? '' : tlsId(RED, settings.tls) });
}

const definitionOf = (settings: typeof DICOM_PEER.defaults) => pick(settings, FIELDS);

/** The same for the same definition, over restarts. */
export function definitionId(definition: PeerDefinition): string {
  const digest = createHash('sha256').update(JSON.stringify(definition)).digest('hex');
  return `msg-${digest.slice(0, 32)}`;
}

/**
 * A peer for the sender.
 * @param address to which it connects, whatever the name of the host stands for by then
 * @throws WrongDefinition where its TLS configuration cannot be used
 */
export function definedPeer(
  RED: NodeAPI,
  id: string,
  definition: PeerDefinition,
  address: string,
): PeerConfig {
  const { name, calledAET, host, tls, tlsServerName } = definition;
  const security = tls === '' ? undefined : peerTls(RED.nodes.getNode(tls), tlsServerName);
  if (security !== undefined && 'problem' in security) throw new WrongDefinition(security.problem);
  return {
    id,
    name: name === '' ? `${calledAET}@${host}` : name,
    settings: { ...peerSettings({ ...DICOM_PEER.defaults, ...definition }), host: address },
    // The certificate is for the name.
    ...(security && { tls: { ...security.options, serverName: security.options.serverName ?? host } }),
  };
}

/** The one deployed `tls-config` node of this id or name. @throws WrongDefinition */
function tlsId(RED: NodeAPI, named: string): string {
  const found: string[] = [];
  RED.nodes.eachNode((node) => {
    const { id, type, name } = node as { id: string; type: string; name?: string };
    if (type === 'tls-config' && (id === named || name === named)) found.push(id);
  });
  const [id] = found;
  const node: Node | null = id === undefined ? null : RED.nodes.getNode(id);
  if (id === undefined || found.length > 1 || node == null)
    throw new WrongDefinition(
      `tls (${JSON.stringify(named)}) is not the name or id of exactly one TLS configuration`,
    );
  return id;
}
