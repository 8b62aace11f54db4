import { byteCount, type ObjectMessage } from '../../runtime/objects';

/** A series of a study message (docs/images.md). */
export interface Series {
  /** Of what the message says of it: its UID, modality, description. */
  facts: Record<string, unknown>;
  instances: Record<string, unknown>[];
}

const FACTS = ['SeriesInstanceUID', 'Modality', 'SeriesDescription', 'SeriesNumber'];
/** More of them would be more pictures than a message should have. */
const MOST_SERIES = 200;
/** Of a series: far more than one has. */
const MOST_INSTANCES = 100_000;

/** The first series of a message about a study, as `dicom-study` makes them; undefined: the message is not about a study. */
export function seriesOf({ payload, dicom }: ObjectMessage): Series[] | undefined {
  // It names an object itself.
  if (byteCount(dicom?.object) !== undefined || typeof dicom?.queueId === 'string') return undefined;
  const { series } = recordOf(payload);
  if (!Array.isArray(series)) return undefined;
  return membersOf(series, MOST_SERIES).map((each) => {
    const { instances, ...rest } = recordOf(each);
    const kept = FACTS.filter((name) => rest[name] !== undefined).map((name) => [name, rest[name]] as const);
    return {
      facts: Object.fromEntries(kept),
      instances: Array.isArray(instances) ? membersOf(instances, MOST_INSTANCES).map(recordOf) : [],
    };
  });
}

/** Which object of a series is shown, and which frame of it. */
export interface Shown {
  instance: Record<string, unknown>;
  /** As the setting has it. */
  frame: string;
}

/**
 * One picture a series: the first, middle or n-th of its objects in the order of Instance Number, or, of a series that is one
 * object, that frame. *All* is the middle one.
 * @returns undefined where there is no such object
 */
export function shownOf({ instances }: Series, frame: string): Shown | undefined {
  const choice = frame === 'all' ? 'middle' : frame;
  const [only] = instances;
  if (instances.length === 1) return only && { instance: only, frame: choice };
  const ordered = [...instances].sort((a, b) => numberOf(a) - numberOf(b));
  const at = choice === 'first' ? 0 : choice === 'middle' ? (ordered.length - 1) >> 1 : Number(choice) - 1;
  const instance = ordered[at];
  return instance && { instance, frame: choice === 'middle' ? choice : 'first' };
}

/** Those without one are the last. */
function numberOf({ InstanceNumber }: Record<string, unknown>): number {
  const number = Number(InstanceNumber ?? NaN);
  return Number.isFinite(number) ? number : Number.MAX_VALUE;
}

/** An instance of a series as the message that would name it. */
export function messageOf({
  SOPInstanceUID,
  queueId,
  filename,
  file,
  changes,
}: Record<string, unknown>): ObjectMessage {
  const dicom = { sopInstanceUID: SOPInstanceUID, queueId, file, changes };
  return { _msgid: '', filename, dicom };
}

/** The first ones of a list that a flow has made: `undefined` where there is none. */
const membersOf = (list: readonly unknown[], most: number): unknown[] => Array.from(list.slice(0, most));

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
