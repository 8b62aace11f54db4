import { DAMAGED_SUFFIX, type SegmentName } from '../object-names';
import type { SegmentReport } from './log-reader';
import { READ_VERSIONS } from './log-records';

/**
 * What to make of a segment that an earlier run left.
 * - `whole`: it is as it was written.
 * - `unsynced`: what was written last may not be there, or torn. Nobody was told that it is safe from a loss of power.
 * - `damaged`: something that was safe is not there as it was written.
 * - `unread`: the disk did not give all of it. It may be better when it is read again.
 * - `foreign`: another version of this software has written it. Nothing is known of it.
 */
export type Verdict = 'whole' | 'unsynced' | 'damaged' | 'unread' | 'foreign';

export function judgeSegment(name: SegmentName, report: SegmentReport): Verdict {
  if (report.error !== undefined) return 'unread';
  if (name.isOld === true) return judgeOld(report);
  if (report.version !== undefined && !READ_VERSIONS.includes(report.version)) return 'foreign';
  if (name.sealedAt !== undefined)
    return isComplete(report) && report.readTo === name.sealedAt ? 'whole' : 'damaged';
  if (isComplete(report)) return 'whole';
  return isDamaged(name, report) ? 'damaged' : 'unsynced';
}

function isComplete({ version, unreadable, isEnded }: SegmentReport): boolean {
  return version !== undefined && unreadable === 0 && isEnded;
}

function isDamaged({ isSynced }: SegmentName, report: SegmentReport): boolean {
  // Its beginning was on the disk before it had its name.
  if (report.version === undefined) return isSynced || !report.isBlank;
  if (isSynced) return Math.min(report.unreadableFrom, report.readTo) < report.syncedTo;
  // Nothing says up to where it was synced. What was written last is not followed by anything.
  return report.hasMoreBehind;
}

/** Of segments of the first version, which did not say what was synced, each is taken for damage that can be. */
function judgeOld({ unreadable, isEnded }: SegmentReport): Verdict {
  if (unreadable > 0) return 'damaged';
  return isEnded ? 'whole' : 'unsynced';
}

/** For the operator. Undefined where there is nothing to say. */
export function verdictText(
  verdict: Verdict,
  path: string,
  report: SegmentReport | Error,
): string | undefined {
  switch (verdict) {
    case 'whole':
      return undefined;
    case 'unsynced':
      return (
        `${path} lacks its end: what was written last, before Node-RED or the machine ended, is possibly unsynced and not ` +
        'there. All objects that are whole are delivered. In mode disk-synced, no sender was told Success for others'
      );
    case 'damaged':
      return (
        `${path} is damaged (${lost(report)}). Objects that were answered Success may be missing. What can be read is ` +
        `delivered; then the file is kept as *${DAMAGED_SUFFIX}. Have the missing objects sent again, then delete the file`
      );
    case 'unread':
      return (
        `${path} cannot be read now (${reason(report)}). It is kept, and read again from time to time; its objects are ` +
        'delivered as soon as they can be read. All others are delivered meanwhile'
      );
    case 'foreign':
      return `${path} was written by another version of this package. It is left as it is, and its objects wait for that version`;
  }
}

function lost(report: SegmentReport | Error): string {
  if (report instanceof Error) return report.message;
  return report.unreadable > 0
    ? `${report.unreadable} bytes cannot be read, from byte ${report.unreadableFrom} on`
    : `it ends at byte ${report.readTo}`;
}

function reason(report: SegmentReport | Error): string {
  return report instanceof Error ? report.message : (report.error?.message ?? '');
}
