import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { QueueRefusal, type FolderFile } from '../queue';
import type { Inspection } from './inspection';
import { isBelow } from './outside';
import type { WatchParts } from './watch-parts';
import { byTime } from './watched-file';

/** Files taken that the flow has not got: enough to keep it busy, few enough to leave some to others who watch the folder. */
const MOST_AHEAD = 64;
/** One sync of a directory is for all of them. */
const TAKEN_AT_ONCE = 8;
/** Files of the queue, those included that nodes hold. */
export const MOST_OBJECTS = 100_000;
const TURN_MS = 20;

/** Takes complete files into the queue, the oldest first, as far as there is room. */
export class Taking {
  /** Those that are to be taken; the next one first. */
  private backlog: FolderFile[] = [];
  private isTaking = false;
  private taking: Promise<void> = Promise.resolve();

  constructor(
    private readonly watch: WatchParts,
    private readonly inspection: Inspection,
  ) {}

  /** These are complete, and no others. */
  set(files: FolderFile[]): void {
    this.backlog = files.sort(byTime);
  }

  async take(): Promise<void> {
    if (this.isTaking || this.watch.isStopped()) return;
    this.isTaking = true;
    this.taking = this.takeSome();
    await this.taking;
  }

  /** Resolves when none is being taken. */
  async ended(): Promise<void> {
    await this.taking;
  }

  private async takeSome(): Promise<void> {
    try {
      let until = performance.now() + TURN_MS;
      for (let room = this.room(); this.backlog.length > 0 && room > 0; room = this.room()) {
        const files = this.backlog.splice(0, Math.min(room, TAKEN_AT_ONCE));
        await Promise.all(files.map((file) => this.takeFile(file)));
        if (performance.now() < until) continue;
        await new Promise((turn) => setImmediate(turn));
        until = performance.now() + TURN_MS;
      }
    } catch (error) {
      // That of one file says nothing of the others; that of the folder is found by the next look.
      this.inspection.notTaken(error);
    } finally {
      this.isTaking = false;
    }
  }

  /** For how many files there is room. */
  private room(): number {
    const { settings, queue, faults } = this.watch;
    if (this.watch.isStopped()) return 0;
    const ahead = MOST_AHEAD + (settings.acknowledge ? settings.maxInFlight : 0);
    const room = Math.min(MOST_OBJECTS - queue.size, ahead - queue.ahead);
    if (room <= 0) return 0;
    try {
      queue.checkRoom();
      return room;
    } catch (error) {
      if (!(error instanceof QueueRefusal)) throw error;
      faults.addOnce(error.code, 'diskLow', { reason: error.message });
      return 0;
    }
  }

  private async takeFile(file: FolderFile): Promise<void> {
    const { folder, queue, candidates } = this.watch;
    const { rel } = file;
    try {
      const path = join(folder, rel);
      // A directory on the way may have become a link since it was looked into.
      if (!isBelow(realpathSync(dirname(path)), realpathSync(folder))) return;
      const study = await this.inspection.studyOf(path, file, rel);
      if (study === undefined || this.watch.isStopped()) return;
      await queue.admit(file, study === '' ? undefined : study);
      candidates.forget(rel);
      this.watch.tell();
    } catch (error) {
      this.inspection.notTaken(error, rel);
    }
  }
}
