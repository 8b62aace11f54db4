import type { DiskFiles } from '../../basics';
import { readSegment, type LoggedState, type SegmentReport } from './log-reader';
import type { Segment } from './log-segments';
import { judgeSegment, verdictText } from './segment-verdict';

/** Reads the segments that earlier runs left, and says what is wrong with them. */
export class SegmentReading {
  /** Have left, as the segments say that were read, and were in none of those before. */
  private readonly leftBefore = new Set<string>();

  constructor(
    private readonly files: DiskFiles,
    private readonly onLeftover: (error: Error) => void,
  ) {}

  /**
   * Follows in `state` what a segment says. What the disk does not give now is kept, to be read again.
   * @throws an Error with code `QUEUE_VERSION` when another version has written it
   */
  read(segment: Segment, state: LoggedState<Segment>): void {
    const isKnown = segment.unread !== undefined;
    // Whatever happens here: what has not been read to its end is not to be deleted.
    segment.unread ??= new Set();
    const report = this.reportOf(segment, state);
    const verdict = report instanceof Error ? 'unread' : judgeSegment(segment, report);
    const text = verdictText(verdict, segment.path, report);
    if (verdict === 'foreign') throw Object.assign(new Error(text), { code: 'QUEUE_VERSION' });
    if (text !== undefined && !(verdict === 'unread' && isKnown)) this.onLeftover(new Error(text));
    segment.isDamaged = verdict === 'damaged';
    if (verdict !== 'unread') delete segment.unread;
    if (report instanceof Error) return;
    segment.size = report.size;
    for (const id of report.leftBefore) this.leftBefore.add(id);
  }

  /**
   * What is in one that could not be read before, without what has left since.
   */
  readLate(segment: Segment): LoggedState<Segment> {
    const left = segment.unread;
    const found: LoggedState<Segment> = { objects: new Map(), parkings: new Map() };
    this.read(segment, found);
    const isHere = ({ id }: { id: string }): boolean => left?.has(id) !== true && !this.leftBefore.has(id);
    for (const each of [found.objects, found.parkings])
      for (const object of each.values()) if (!isHere(object)) each.delete(object.id);
    return found;
  }

  /** All of them have been read. */
  forget(): void {
    this.leftBefore.clear();
  }

  private reportOf(segment: Segment, state: LoggedState<Segment>): SegmentReport | Error {
    try {
      return readSegment(segment, state, this.files);
    } catch (error) {
      return error as Error;
    }
  }
}
