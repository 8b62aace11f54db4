import { MOST_NAMED, type StudyCollector } from '../../../src/study';
import { keyFrom } from './object-facts';
import { StudyFailed } from './study-error';

/** What `msg.study` says to the node. */
export interface Control {
  control?: 'fire' | 'forget' | 'extend';
  /** Seconds by which it is extended. */
  seconds?: number;
  expected?: number;
  instances?: readonly string[];
  /** Which group is meant. */
  of: Record<string, unknown>;
}

const CONTROLS = ['fire', 'forget', 'extend'] as const;
const MOST_SECONDS = 2_592_000;
const MOST_EXPECTED = 10_000_000;
/** Characters: twice what DICOM allows, as some devices do not keep to that. */
const LONGEST_UID = 128;

/** Undefined: it says nothing to the node, as that of a message that another one has fired. @throws StudyFailed */
export function controlIn(study: unknown): Control | undefined {
  if (typeof study !== 'object' || study === null) return undefined;
  const { control, seconds, expected, instances } = study as Record<string, unknown>;
  if (control === undefined && expected === undefined && instances === undefined) return undefined;
  // A procedure step that has brought nothing.
  if (control === undefined && expected === 0 && Array.isArray(instances) && instances.length === 0)
    return undefined;
  if (control !== undefined && !CONTROLS.includes(control as 'fire'))
    throw wrong(`control is one of ${CONTROLS.join(', ')}`);
  if (seconds !== undefined && !isNumber(seconds, MOST_SECONDS)) throw wrong('seconds is a number from 1 on');
  if (expected !== undefined && !isNumber(expected, MOST_EXPECTED))
    throw wrong('expected is a number from 1 on');
  const named = instances === undefined ? undefined : namedIn(instances, expected !== undefined);
  return {
    of: study as Record<string, unknown>,
    ...(control !== undefined && { control: control as 'fire' }),
    ...(seconds !== undefined && { seconds: Number(seconds) }),
    ...(expected !== undefined && { expected: Number(expected) }),
    ...(named !== undefined && { instances: named }),
  };
}

/** Where there are too many, as of a very long examination, their number has to do. @throws StudyFailed */
function namedIn(instances: unknown, hasNumber: boolean): string[] | undefined {
  const isUid = (each: unknown): each is string =>
    typeof each === 'string' && each !== '' && each.length <= LONGEST_UID;
  // With `undefined` where there is no member.
  const named: unknown[] =
    Array.isArray(instances) && instances.length <= MOST_EXPECTED ? Array.from(instances) : [];
  const areUids = named.length > 0 && named.every(isUid);
  if (areUids && named.length <= MOST_NAMED) return named;
  if (areUids && hasNumber) return undefined;
  throw wrong(`instances are an array of 1 to ${MOST_NAMED} SOP Instance UIDs`);
}

/**
 * The groups that are meant: the one that has this name, or those that have objects of the study.
 * @throws StudyFailed where no group is named
 */
export async function keysFor({ of }: Control, groupBy: string, studies: StudyCollector): Promise<string[]> {
  const names =
    groupBy === 'study' ? 'StudyInstanceUID' : groupBy === 'series' ? 'SeriesInstanceUID' : groupBy;
  const key = keyFrom(of[names]);
  if (key !== '') return [key];
  const study = keyFrom(of['StudyInstanceUID']);
  if (study !== '') return studies.keysOf(study);
  throw wrong(`${names} is needed`);
}

function isNumber(value: unknown, most: number): boolean {
  if (typeof value !== 'number' && typeof value !== 'string') return false;
  return Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= most;
}

const wrong = (reason: string): StudyFailed => new StudyFailed('badControl', { reason });
