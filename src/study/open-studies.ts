import type { OpenStudies, OpenStudy } from '../admin-api';
import type { Clock } from './clock';
import type { StudySummary } from './collector';
import type { Group } from './group';
import { nextFiring, type TriggerSettings } from './triggers';

const MOST_SHOWN = 16;

/** When it fires at the latest if nothing more comes, monotonic; Infinity: that is not known. */
function nextOf(group: Group, now: number, settings: TriggerSettings): number {
  const { objects, isHeldUp } = group.period;
  return objects === 0 ? Infinity : nextFiring(settings, group.facts(now, settings), isHeldUp);
}

const unacknowledgedOf = ({ firings }: Group): number =>
  [...firings.values()].filter(({ status }) => status === undefined).length;

const waits = (group: Group): boolean => group.period.objects > 0 || unacknowledgedOf(group) > 0;

/** What is open, the next to fire first; `most` of it. */
export function openStudies(
  groups: Iterable<Group>,
  most: number,
  clock: Clock,
  settings: TriggerSettings,
): OpenStudies {
  const open = [...groups].filter(waits);
  const timed = open.map((group) => ({ group, next: nextOf(group, clock.now(), settings) }));
  timed.sort((one, other) => one.next - other.next || (one.group.key < other.group.key ? -1 : 1));
  return {
    total: open.length,
    studies: timed.slice(0, most).map(({ group, next }) => shown(group, next - clock.now() + clock.wall())),
  };
}

/** For the status. */
export function summaryOf(groups: Iterable<Group>, clock: Clock, settings: TriggerSettings): StudySummary {
  let [open, heldUp, next, unacknowledged] = [0, 0, Infinity, 0];
  for (const group of groups) {
    if (group.period.objects > 0) open += 1;
    if (group.period.isHeldUp) heldUp += 1;
    next = Math.min(next, nextOf(group, clock.now(), settings));
    unacknowledged += unacknowledgedOf(group);
  }
  return { open, heldUp, next: next === Infinity ? next : next - clock.now() + clock.wall(), unacknowledged };
}

/** @param next of the wall clock */
function shown(group: Group, next: number): OpenStudy {
  const { key, uids, period, modalities } = group;
  return {
    key,
    objects: uids.size,
    pending: period.objects,
    firings: period.number - 1,
    unacknowledged: unacknowledgedOf(group),
    modalities: [...modalities].slice(0, MOST_SHOWN),
    callingAETs: [...period.callingAETs].slice(0, MOST_SHOWN),
    ...(period.first !== undefined && { first: period.first }),
    ...(period.last !== undefined && { last: period.last }),
    ...(period.isHeldUp && { isHeldUp: true }),
    ...(next < Infinity && { next: new Date(next).toISOString() }),
  };
}
