import { checkAeTitle } from './checks/ae-titles';
import { checkRemoteHost } from './checks/addresses';
import { checkReplaced } from './checks/environment';
import { define, type NameOf, type SettingsOf } from './define';
import { choice, configNode, integer, nodeId, planned, text } from './fields';
import { finding, type Problem } from './finding';

const MAX_SECONDS = 86_400;
/** A timer may be no longer than 24 days. */
const MAX_COMMIT_MINUTES = 34_560;

/** Every property of a `dicom-peer` node in the flow JSON; user name and passcode are credentials (`PEER_CREDENTIALS`). */
const FIELDS = {
  name: text(''),
  /** `dicomweb` is reserved. */
  protocol: planned(choice('dimse', 'dicomweb')),
  host: text('', checkRemoteHost),
  port: integer(104, 1, 65_535),
  /** Theirs. */
  calledAET: text('ANY_SCP', checkAeTitle),
  /** Ours. */
  callingAET: text('HL7SOUP_SCU', checkAeTitle),

  // Security
  /** Empty: clear text. */
  tls: configNode('tls-config'),
  /** The name in their certificate; empty: the host. */
  tlsServerName: text('', checkReplaced),
  /** PS3.7 D.3.3.7 */
  userIdentity: choice('none', 'name', 'passcode'),

  // What is sent
  /** What may be done to an object that they do not take as it is: docs/sending.md says more. */
  sendAs: choice('uncompressed', 'as-is', 'lossless', 'lossy'),
  /** Storage Commitment: an object is sent once they have committed to keep it. */
  commit: choice('none', 'require'),
  /** The id of the dicom-in that takes their answer on an association of their own; empty: on the same one only. */
  commitThrough: nodeId('dicom-in', checkReplaced),
  commitTimeoutMinutes: integer(60, 1, MAX_COMMIT_MINUTES),

  // Times, in seconds, and limits
  connectTimeoutSeconds: integer(10, 1, MAX_SECONDS),
  associationTimeoutSeconds: integer(30, 1, MAX_SECONDS),
  responseTimeoutSeconds: integer(60, 1, MAX_SECONDS),
  /** Without a byte that they take. */
  writeTimeoutSeconds: integer(60, 1, MAX_SECONDS),
  maxAssociations: integer(1, 1, 64),
  /** How long an association is kept for the next object. */
  lingerSeconds: integer(2, 0, MAX_SECONDS),
  /** After this many it is ended; 0: no limit. */
  objectsPerAssociation: integer(0, 0, 1_000_000),
  /** Bytes of a PDU that we take. */
  maxPduLength: integer(262_144, 4_096, 16_777_216),
};

export type DicomPeerField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-peer` node, typed and checked. */
export type DicomPeerSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomPeerField, 'required' | 'notYet' | 'noUserName'>;

/** What Node-RED keeps encrypted. */
export const PEER_CREDENTIALS = { userName: { type: 'text' }, passcode: { type: 'password' } } as const;

export const DICOM_PEER = define('dicom-peer', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-peer` node. */
export type DicomPeerProblem = ReturnType<typeof DICOM_PEER.parse>['problems'][number];

function checkTogether({ host, protocol }: DicomPeerSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (host === '') problems.push({ field: 'host', ...finding('required') });
  if (protocol !== 'dimse') problems.push({ field: 'protocol', ...finding('notYet') });
  return problems;
}

/** Findings about a setting and the user name, which is no setting but a credential (PS3.7 D.3.3.7 requires one). */
export function checkUserName(
  { userIdentity }: Pick<DicomPeerSettings, 'userIdentity'>,
  userName: string,
): DicomPeerProblem[] {
  const isMissing = userIdentity !== 'none' && userName.trim() === '';
  return isMissing ? [{ field: 'userIdentity', ...finding('noUserName') }] : [];
}
