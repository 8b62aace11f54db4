import { checkRemoteHost } from './checks/addresses';
import { checkDirectory } from './checks/directory';
import { checkReplaced } from './checks/environment';
import { checkPlainName } from './checks/plain-names';
import { define, type NameOf, type SettingsOf } from './define';
import { configNode, integer, text } from './fields';
import { finding, type Problem } from './finding';

/** Every property of a `dicom-queue` node in the flow JSON; user and password are credentials (`QUEUE_CREDENTIALS`). */
const FIELDS = {
  name: text(''),
  host: text('', checkRemoteHost),
  port: integer(5432, 1, 65_535),
  database: text('dicom', checkReplaced),
  /** The tables of this package are in a schema of their own. */
  schema: text('dicom', checkPlainName),
  /** Empty: clear text. */
  tls: configNode('tls-config'),
  /** Which of the queues in the schema: nodes share it that name the same. */
  queueName: text('main', checkPlainName),
  /** Connections to the database for each dicom-in node, one more for notifications. */
  poolSize: integer(8, 3, 100),
  /** Of all objects together, megabytes (10^6 bytes); 0: no limit. */
  maxQueuedMB: integer(0, 0, 1_000_000_000),
  /** Where large objects lie as files. Empty: all are in the database. */
  sharedDirectory: text('', checkDirectory),
  /** Size from which they do, in megabytes (10^6 bytes). */
  sharedDirectoryFromMB: integer(1, 0, 1_000_000),
};

export type DicomQueueField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-queue` node, typed and checked. */
export type DicomQueueSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomQueueField, 'required'>;

/** What Node-RED keeps encrypted. */
export const QUEUE_CREDENTIALS = { user: { type: 'text' }, password: { type: 'password' } } as const;

export const DICOM_QUEUE = define('dicom-queue', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-queue` node. */
export type DicomQueueProblem = ReturnType<typeof DICOM_QUEUE.parse>['problems'][number];

function checkTogether({ host, database }: DicomQueueSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (host === '') problems.push({ field: 'host', ...finding('required') });
  if (database === '') problems.push({ field: 'database', ...finding('required') });
  return problems;
}
