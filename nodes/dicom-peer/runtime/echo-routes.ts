import type { Request } from 'express';
import type { Node, NodeAPI } from 'node-red';
import type { PeerEcho } from '../../../src/admin-api';
import { sendEcho } from '../../../src/network';
import {
  checkUserName,
  DICOM_PEER,
  isEnvironmentReference,
  pick,
  type DicomPeerField,
  type DicomPeerProblem,
  type DicomPeerSettings,
} from '../../../src/settings';
import { AdminRoutes, RequestRefused } from '../../runtime/routes';
import { PeerOwner, peerTls } from '../../runtime/peers';

/** What is tested. Other settings may be wrong, or not be entered yet. */
const TESTED = [
  'host',
  'port',
  'calledAET',
  'callingAET',
  'tls',
  'tlsServerName',
  'userIdentity',
  'connectTimeoutSeconds',
  'associationTimeoutSeconds',
  'responseTimeoutSeconds',
] as const satisfies readonly DicomPeerField[];
type Tested = Pick<DicomPeerSettings, (typeof TESTED)[number]>;

/** Somebody waits in front of the dialog. */
const LONGEST_MS = 20_000;

/** What the dialog posts. */
interface Posted {
  /** Of the node, deployed or not. */
  id: string;
  settings: Record<string, unknown>;
  userName: string;
  /** Undefined: as it is stored. */
  passcode: string | undefined;
}

/**
 * `POST dicom-peer/echo`: calls a peer from this machine with what stands in its dialog, deployed or not. It takes the
 * permission to write: it opens a connection to wherever the caller wants; with an environment variable, that to deploy flows, too.
 */
export function addPeerEchoRoute(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED, DICOM_PEER.type, PeerOwner);
  routes.on('post', 'echo', async (request, response) => {
    const asked = posted(request);
    if (Object.values(asked.settings).some(isReference))
      await routes.permitted(READS_ENVIRONMENT, request, response);
    response.json(await echo(RED, asked));
  });
}

/** What a variable holds goes to whoever is called: only who may deploy a flow that does so may have it replaced here. */
const READS_ENVIRONMENT = 'flows.write';

function isReference(value: unknown): value is string {
  return typeof value === 'string' && isEnvironmentReference(value);
}

/** @throws RequestRefused */
function posted({ body }: Request): Posted {
  const { id, settings, userName, passcode } = (body ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof settings !== 'object' || settings === null)
    throw new RequestRefused(400, 'the id of the node, and its settings, are needed');
  return {
    id,
    settings: settings as Record<string, unknown>,
    userName: typeof userName === 'string' ? userName : '',
    passcode: typeof passcode === 'string' ? passcode : undefined,
  };
}

async function echo(RED: NodeAPI, { id, settings, userName, passcode }: Posted): Promise<PeerEcho> {
  const { tested, problems: wrong } = readSettings(RED, id, settings);
  const problems = [...wrong, ...checkUserName(tested, userName)];
  if (problems.length > 0) return { outcome: 'invalid', problems };
  const { host, port, calledAET, callingAET, tls, userIdentity } = tested;
  const security = tls === '' ? undefined : peerTls(RED.nodes.getNode(tls), tested.tlsServerName);
  if (security !== undefined && 'problem' in security)
    return { outcome: 'tlsUnusable', reason: security.problem };
  const secret = userIdentity === 'passcode' ? (passcode ?? storedPasscode(RED, id, tested)) : '';
  if (secret === undefined) return { outcome: 'passcodeElsewhere' };
  const outcome = await sendEcho({
    host,
    port,
    calledAET,
    callingAET,
    ...(security && { tls: security.options }),
    ...(userIdentity !== 'none' && {
      userIdentity: { name: userName, ...(userIdentity === 'passcode' && { passcode: secret }) },
    }),
    timeoutMs: timeoutMs(tested),
  });
  return { ...outcome, host, port, calledAET, callingAET, tls: security !== undefined };
}

function readSettings(
  RED: NodeAPI,
  id: string,
  config: Record<string, unknown>,
): { tested: Tested; problems: DicomPeerProblem[] } {
  const node = RED.nodes.getNode(id);
  const values = TESTED.map((name) => [name, replaced(RED, node, config[name])] as const);
  const { settings, problems } = DICOM_PEER.parse(Object.fromEntries(values));
  return {
    tested: pick(settings, TESTED),
    problems: problems.filter(({ severity }) => severity === 'error'),
  };
}

/** A value that is one environment variable, as Node-RED replaces it at start. */
function replaced(RED: NodeAPI, node: Node | null, value: unknown): unknown {
  if (!isReference(value)) return value;
  // Without a node, Node-RED looks in the environment of its process; its types do not say so.
  return RED.util.getSetting(node as Node, value.trim().slice(2, -1)) ?? value;
}

/**
 * The passcode of the deployed node, which goes only where that node sends it: else whoever may test an echo could have it
 * sent to a machine of his own. Undefined: it does not go there.
 */
function storedPasscode(RED: NodeAPI, id: string, { host, port, tls }: Tested): string | undefined {
  const { passcode } = (RED.nodes.getCredentials(id) ?? {}) as { passcode?: string };
  if (passcode === undefined) return '';
  let goesThere = false;
  RED.nodes.eachNode((config) => {
    if (config.id !== id) return;
    const { tested } = readSettings(RED, id, config as unknown as Record<string, unknown>);
    goesThere = tested.host === host && tested.port === port && tested.tls === tls;
  });
  return goesThere ? passcode : undefined;
}

function timeoutMs({
  connectTimeoutSeconds,
  associationTimeoutSeconds,
  responseTimeoutSeconds,
}: Tested): number {
  const seconds = connectTimeoutSeconds + associationTimeoutSeconds + responseTimeoutSeconds;
  return Math.min(seconds * 1_000, LONGEST_MS);
}
