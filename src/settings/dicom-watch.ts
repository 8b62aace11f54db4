import { checkAbsolute, checkDirectory } from './checks/directory';
import { checkReplaced } from './checks/environment';
import { checkNamePattern } from './checks/name-pattern';
import { define, type NameOf, type SettingsOf } from './define';
import { choice, flag, integer, text } from './fields';
import { finding, type Problem } from './finding';

const MAX_SECONDS = 86_400;

/** Every property of a `dicom-watch` node in the flow JSON. */
const FIELDS = {
  name: text(''),

  // What is watched
  directory: text('', checkDirectory),
  /** Comma list of file name patterns; empty: all. */
  pattern: text('', checkNamePattern),
  recursive: flag(false),
  /** For so long neither size nor time of a file may change before it is taken. */
  stableSeconds: integer(5, 1, 3_600),

  // What becomes of files
  after: choice('keep', 'move', 'delete'),
  moveTo: text('', checkReplaced),
  /** Empty: below the node's own directory. */
  errorDirectory: text('', checkDirectory),

  // Delivery
  acknowledge: flag(false),
  maxInFlight: integer(16, 1, 1_000),
  acknowledgeTimeoutSeconds: integer(300, 1, MAX_SECONDS),
  /** How often an object is delivered at most before it becomes a dead letter. */
  maxDeliveries: integer(5, 1, 1_000),
  /** Free space (10^6 bytes) on the disk of the node's directory below which no file is taken; 0: no check. */
  minFreeDiskMB: integer(512, 0, 1_000_000_000),
};

export type DicomWatchField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-watch` node, typed and checked. */
export type DicomWatchSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<
  DicomWatchField,
  'required' | 'insideWatched' | 'deletedUnsafe' | 'notAbsolute'
>;

export const DICOM_WATCH = define('dicom-watch', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-watch` node. */
export type DicomWatchProblem = ReturnType<typeof DICOM_WATCH.parse>['problems'][number];

function checkTogether({
  directory,
  after,
  moveTo,
  errorDirectory,
  acknowledge,
}: DicomWatchSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (directory === '') problems.push({ field: 'directory', ...finding('required') });
  if (after === 'move' && moveTo === '') problems.push({ field: 'moveTo', ...finding('required') });
  if (after === 'move' && isBelow(moveTo, directory))
    problems.push({ field: 'moveTo', ...finding('insideWatched') });
  if (isBelow(errorDirectory, directory))
    problems.push({ field: 'errorDirectory', ...finding('insideWatched') });
  if (after === 'move')
    for (const found of checkAbsolute(moveTo)) problems.push({ field: 'moveTo', ...found });
  if (after === 'delete' && !acknowledge)
    problems.push({ field: 'acknowledge', ...finding('deletedUnsafe', {}, 'warning') });
  return problems;
}

/** By their texts: the runtime looks again at what they really are. */
function isBelow(inner: string, outer: string): boolean {
  if (inner === '' || outer === '') return false;
  const [one, other] = [inner, outer].map(
    (path) => `${path.replaceAll('\\', '/').replace(/\/{1,64}$/, '')}/`,
  );
  return one?.startsWith(other ?? '') ?? false;
}
