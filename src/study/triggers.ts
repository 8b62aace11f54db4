import type { FiringReason } from './records';

/** When a study counts as complete. Milliseconds; 0: not so. */
export interface TriggerSettings {
  idleMs: number;
  associationEndMs: number;
  ceilingMs: number;
  /** Objects of every group. */
  expected: number | undefined;
  /** What objects say themselves of their number counts. */
  countsOfObjects: boolean;
  /** Modalities or series descriptions, in capitals; none: not so. */
  required: readonly string[];
}

/** What decides whether a group is complete. Times are monotonic milliseconds. */
export interface TriggerFacts {
  now: number;
  /** Objects that have come since the last firing; never 0. */
  pending: number;
  /** Different objects that have come at all. */
  objects: number;
  /** When the first and the last one of those that are pending came. */
  startedAt: number;
  lastAt: number;
  /** It was extended: until then only what is said to be complete is. */
  notBefore: number;
  /** By a message, or by its objects. */
  expected: number | undefined;
  /** All instances that a message has named have come; undefined: none has been named. */
  hasAllNamed: boolean | undefined;
  /** What was expected has come before. */
  wasMet: boolean;
  /** Some of what is pending came through an association. */
  hasAssociations: boolean;
  /** Modalities and series descriptions, in capitals. */
  present: ReadonlySet<string>;
}

/** A trigger that holds, and what must hold beside it: nothing of the group waits elsewhere, and its associations have ended. */
export interface Trigger {
  reason: FiringReason;
  quiet?: true;
  ended?: true;
}

/** Objects that are listed in one message at most: more than any study has that flows should get at once. */
const MOST_LISTED = 20_000;
/** Where association ends do not count, what is required counts when nothing came for so long. */
const REQUIRED_QUIET_MS = 5_000;

/** What was expected has come. A number that came with names is theirs: others of the study may have come before. */
export function isMet(
  { expected: set }: TriggerSettings,
  { objects, expected, hasAllNamed }: Pick<TriggerFacts, 'objects' | 'expected' | 'hasAllNamed'>,
): boolean {
  if (hasAllNamed === true) return true;
  const number = hasAllNamed === undefined || expected === undefined ? (expected ?? set) : undefined;
  return number !== undefined && objects >= number;
}

/** The trigger that holds; undefined: none does. */
export function triggerOf(settings: TriggerSettings, facts: TriggerFacts): Trigger | undefined {
  const { now, startedAt, lastAt, notBefore, present } = facts;
  const { idleMs, associationEndMs, ceilingMs, required } = settings;
  if (!facts.wasMet && isMet(settings, facts)) return { reason: 'expected' };
  if (facts.pending >= MOST_LISTED) return { reason: 'full' };
  if (now < notBefore) return undefined;
  if (ceilingMs > 0 && now - startedAt >= ceilingMs) return { reason: 'ceiling' };
  const quietMs = now - lastAt;
  if (idleMs > 0 && quietMs >= idleMs) return { reason: 'idle', quiet: true };
  const isPresent = required.length > 0 && required.every((each) => present.has(each));
  if (isPresent && quietMs >= requiredQuietMs(settings)) return { reason: 'required', quiet: true };
  if (associationEndMs > 0 && facts.hasAssociations && quietMs >= associationEndMs)
    return { reason: 'association-end', quiet: true, ended: true };
  return undefined;
}

/**
 * When it fires at the latest if nothing more comes, for people; Infinity: that is not known.
 *
 * @param isHeldUp others of it wait elsewhere
 */
export function nextFiring(settings: TriggerSettings, facts: TriggerFacts, isHeldUp: boolean): number {
  const { idleMs, associationEndMs, ceilingMs, required } = settings;
  const ceiling = ceilingMs > 0 ? facts.startedAt + ceilingMs : Infinity;
  // When that is over, nobody knows.
  if (isHeldUp) return ceiling;
  const isPresent = required.length > 0 && required.every((each) => facts.present.has(each));
  const times = [
    idleMs > 0 ? facts.lastAt + idleMs : Infinity,
    associationEndMs > 0 && facts.hasAssociations ? facts.lastAt + associationEndMs : Infinity,
    isPresent ? facts.lastAt + requiredQuietMs(settings) : Infinity,
    ceiling,
  ];
  return Math.max(facts.notBefore, Math.min(...times));
}

function requiredQuietMs({ associationEndMs }: TriggerSettings): number {
  return associationEndMs > 0 ? associationEndMs : REQUIRED_QUIET_MS;
}
