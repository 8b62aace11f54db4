import { realpathSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { LetterFacts } from '../admin-api';
import { BackOff, Paced } from '../basics';
import { Answers, Delivery, giveUpValues, QueueService, RunningFaults, type GiveUpReason } from '../delivery';
import type { ConvertedObject } from '../message';
import { fileHead, type HeadOf } from '../object';
import { FolderQueue, QueueRefusal, type FolderFile } from '../queue';
import { DICOM_IN } from '../settings';
import { Candidates } from './candidates';
import { folderFault, type WatchFault, type WatchFaultKind } from './faults';
import { FolderEvents } from './folder-events';
import { inspect } from './inspect';
import { namePattern } from './name-pattern';
import { checkOutside, isBelow } from './outside';
import { scan, type ScanListener } from './scan';
import { ownerName, type WatchConfig } from './watch-config';
import { byTime, studyOf, timeOf } from './watched-file';
import type { WatchState } from './worker-protocol';

/** Where what comes of a watched folder goes. Nothing here may throw. */
export interface WatchOutput {
  /** An object for the flow; answer with `delivered(id)`. */
  deliver(id: string, converted: ConvertedObject): void;
  /** At most once a second, and only on change. */
  state(state: WatchState): void;
  fault(fault: WatchFault): void;
}

const BYTES_PER_MEGABYTE = 1_000_000;
const RETRY_FIRST_MS = 2_000;
const RETRY_LAST_MS = 30_000;
const STATE_INTERVAL_MS = 1_000;
/** Others take over what was claimed after a minute. */
const RENEW_MS = 15_000;
/** Between two looks at a folder of which the system tells, and at one of which it does not. */
const LOOK_MS = 60_000;
const POLL_MS = 5_000;
/** After the system has told of something. */
const SOON_MS = 100;
/** A look takes one part in this many of the time, however large the folder is. */
const REST = 5;
/** A file that begins as an object and cannot be read to its end may be one that is slow to come. */
const INCOMPLETE_MS = 60_000;
/** Files taken that the flow has not got: enough to keep it busy, few enough to leave some to others who watch the folder. */
const MOST_AHEAD = 64;
/** One sync of a directory is for all of them. */
const TAKEN_AT_ONCE = 8;
/** Files of the queue, those included that nodes hold. */
const MOST_OBJECTS = 100_000;
const KEEP_DELIVERED_MS = 60_000;
const KEEP_DELIVERED_BYTES = 2_000_000_000;
const MAX_CRASHES = 10;
const TURN_MS = 20;

/** Limits that tests make shorter. */
export interface WatchLimits {
  incompleteMs: number;
  pollMs: number;
  retryMs: number;
}

const LIMITS: WatchLimits = { incompleteMs: INCOMPLETE_MS, pollMs: POLL_MS, retryMs: RETRY_FIRST_MS };

/**
 * A folder into which others put DICOM files: looks → queue → conversion → output. It runs in a worker thread (`worker.ts`) or,
 * in tests, in the process itself.
 */
export class Watch extends QueueService {
  protected readonly queue: FolderQueue;
  protected readonly delivery: Delivery;
  protected readonly answers: Answers;
  private readonly folder: string;
  private readonly isWanted: (name: string) => boolean;
  private readonly candidates = new Candidates();
  private readonly events = new FolderEvents(() => this.lookSoon());
  private readonly retries: BackOff;
  private readonly faults = new RunningFaults<WatchFaultKind>('leftover', (fault) =>
    this.output.fault(fault),
  );
  private readonly told: Paced;
  /** Files that are complete, and for which there was no room yet; the next one first. */
  private backlog: FolderFile[] = [];
  private isTaking = false;
  private isOpen = false;
  private isWatching = false;
  private stopped = false;
  private lastFault: WatchFaultKind | undefined;
  private looking: Promise<void> = Promise.resolve();
  private taking: Promise<void> = Promise.resolve();
  private lookTimer: NodeJS.Timeout | undefined;
  private lookDue = Infinity;
  private lookedMs = 0;
  private renewTimer: NodeJS.Timeout | undefined;
  private deliveredCount = 0;

  constructor(
    private readonly config: WatchConfig,
    private readonly output: WatchOutput,
    private readonly limits: WatchLimits = LIMITS,
  ) {
    const { settings, nodeId, nodeDirectory } = config;
    super(nodeId, { acknowledge: settings.acknowledge, respond: 'received' });
    this.folder = resolve(settings.directory);
    this.isWanted = namePattern(settings.pattern);
    this.retries = new BackOff(limits.retryMs, RETRY_LAST_MS);
    this.queue = new FolderQueue({
      folder: this.folder,
      directory: nodeDirectory,
      owner: ownerName(config),
      after: settings.after,
      moveTo: settings.moveTo === '' ? '' : resolve(settings.moveTo),
      errorDirectory: settings.errorDirectory === '' ? '' : resolve(settings.errorDirectory),
      minFreeBytes: settings.minFreeDiskMB * BYTES_PER_MEGABYTE,
      maxObjects: MOST_OBJECTS,
      keepDeliveredMs: KEEP_DELIVERED_MS,
      keepDeliveredBytes: KEEP_DELIVERED_BYTES,
      studyOf,
      onWarning: ({ kind, values }) => this.faults.add(kind, values),
      onLeftover: (error) => this.faults.leftover(error),
      onNotPutAway: ({ message: reason }) => this.faults.add('notPutAway', { reason }),
    });
    const headOf: HeadOf = (source, content, id) =>
      fileHead(source, { receivedAt: timeOf(content), sourceFile: this.queue.sourceFile(id) });
    this.delivery = new Delivery(
      this.queue,
      { ...settings, maxCrashes: MAX_CRASHES, placeForHours: 0 },
      {
        ...DICOM_IN.defaults,
        output: 'none',
        acknowledge: settings.acknowledge,
        respond: 'received',
        receiverId: nodeId,
        files: undefined,
        headOf,
      },
      {
        deliver: (id, converted) => output.deliver(id, converted),
        gaveUp: (id, reason, facts) => this.gaveUp(id, reason, facts),
        // Nothing is put in place.
        notPlaced: () => undefined,
        notRemoved: (error) => this.faults.leftover(error),
        notRead: ({ id, reason, objects }, facts) =>
          this.faults.add('notRead', { id, reason, objects }, facts),
      },
    );
    // Nobody waits for an answer.
    this.answers = new Answers(0, () => undefined);
    this.told = new Paced(STATE_INTERVAL_MS, () => output.state(this.state()));
  }

  /** Begins; on failure reports and tries again by itself. */
  start(): void {
    this.looking = this.begin();
  }

  delivered(id: string): void {
    this.deliveredCount += 1;
    this.delivery.delivered(id);
    this.changed();
    void this.take();
  }

  notDelivered(id: string, reason: string): void {
    this.delivery.notDelivered(id, reason);
  }

  /** Stops. What the flow has not got yet goes back into the folder. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.lookTimer);
    clearInterval(this.renewTimer);
    this.events.close();
    await this.looking;
    // What is taken after the end would be found only at the next start.
    await this.taking;
    this.delivery.stop();
    if (this.isOpen) this.queue.close();
    this.told.stop();
  }

  protected changed(): void {
    this.told.changed();
    // There may be room for more.
    void this.take();
  }

  private state(): WatchState {
    const { candidates } = this;
    const foreign = candidates.count('foreign');
    return {
      isWatching: this.isWatching,
      delivered: this.deliveredCount,
      queued: this.queue.size,
      waiting: candidates.size - foreign,
      foreign,
      deadLetters: this.deadLetterCount,
    };
  }

  private async begin(): Promise<void> {
    try {
      this.checkPlaces();
      await this.queue.open();
      await this.queueOpened();
      await this.countDeadLetters();
      this.isOpen = true;
    } catch (error) {
      this.failed(error);
      return;
    }
    if (this.stopped) return;
    this.delivery.wake();
    this.renewTimer = setInterval(() => this.renew(), RENEW_MS);
    await this.look();
  }

  /** @throws InsideFolder; the system's error */
  private checkPlaces(): void {
    const { moveTo, errorDirectory, after } = this.config.settings;
    checkOutside(this.folder, [after === 'move' ? moveTo : '', errorDirectory, this.config.nodeDirectory]);
  }

  /** Nothing can be taken. The same fault is reported once, not with every attempt. */
  private failed(error: unknown): void {
    const found = folderFault(error, this.config.settings.directory);
    if (found.kind !== this.lastFault) this.output.fault(found);
    this.lastFault = found.kind;
    this.isWatching = false;
    this.backlog = [];
    this.told.changed();
    // Two that want a folder alone must not come again at the same moment.
    this.lookIn(this.retries.wait() * (0.75 + Math.random() / 2));
  }

  private works(): void {
    this.retries.reset();
    this.lastFault = undefined;
    if (this.isWatching) return;
    this.isWatching = true;
    this.told.changed(true);
  }

  private renew(): void {
    try {
      this.queue.refresh();
    } catch (error) {
      this.failed(error);
    }
  }

  private lookSoon(): void {
    this.lookIn(Math.max(SOON_MS, this.lookedMs * REST));
  }

  /** Looks in this many milliseconds, unless it is looked at sooner. */
  private lookIn(milliseconds: number): void {
    const due = performance.now() + milliseconds;
    if (this.stopped || due >= this.lookDue) return;
    clearTimeout(this.lookTimer);
    this.lookDue = due;
    this.lookTimer = setTimeout(() => {
      this.lookDue = Infinity;
      this.looking = this.looking.then(() => (this.isOpen ? this.look() : this.begin()));
    }, milliseconds);
  }

  /** Looks at the folder once, and takes what is complete. */
  private async look(): Promise<void> {
    if (this.stopped) return;
    const began = performance.now();
    try {
      this.queue.refresh();
      const nextMs = await this.scanFolder();
      this.works();
      this.lookedMs = performance.now() - began;
      this.lookIn(Math.max(nextMs, this.lookedMs * REST));
    } catch (error) {
      this.lookedMs = performance.now() - began;
      this.failed(error);
      return;
    }
    await this.take();
  }

  /** @returns in how many milliseconds there may be something to take */
  private async scanFolder(): Promise<number> {
    const { recursive: isRecursive, stableSeconds } = this.config.settings;
    const stableMs = stableSeconds * 1_000;
    const directories = new Set<string>();
    const complete: FolderFile[] = [];
    let nextMs = Infinity;
    let noRoom = 0;
    const consider = (key: string, file: FolderFile): boolean => {
      const still = this.candidates.see(key, file.facts);
      const verdict = this.candidates.verdict(key);
      const wanted = verdict === 'incomplete' ? Math.max(stableMs, this.limits.incompleteMs) : stableMs;
      if (verdict !== 'foreign' && still < wanted) nextMs = Math.min(nextMs, wanted - still);
      return verdict !== 'foreign' && still >= wanted;
    };
    this.candidates.beginScan();
    this.queue.beginScan();
    const options = { folder: this.folder, isRecursive, isWanted: this.isWanted };
    let isWhole = true;
    const met: ScanListener = {
      onDirectory: (path) => void directories.add(path),
      onUnnamed: (rel) => this.unnamed(rel),
      onUnseen: (rel, error) => this.notTaken(error, rel),
      onUnread: (directory, { message: reason }) => {
        isWhole = false;
        this.faults.addOnce('unread', 'subfolderUnusable', { directory, reason });
      },
      onTooDeep: (directory, levels) => {
        const reason = `more than ${levels} directories deep`;
        this.faults.addOnce('tooDeep', 'subfolderUnusable', { directory, reason });
      },
    };
    for await (const { rel, stats } of scan(options, met)) {
      if (this.stopped) return Infinity;
      const file = this.fileOf(rel, stats);
      const known = this.queue.knows(file);
      const hasRoom = known !== 'no-room' && !this.candidates.isFull(rel);
      if (!hasRoom) noRoom += 1;
      if (known === 'taken' || !hasRoom) continue;
      if (consider(rel, file)) complete.push(file);
    }
    for (const file of this.queue.changedFiles())
      if (consider(file.path, file) && (await this.inspected(file.path, file)) !== undefined)
        this.queue.admitChanged(file);
    if (this.candidates.endScan()) this.told.changed();
    if (noRoom > 0) this.noRoom(noRoom, isWhole);
    this.backlog = complete.sort(byTime);
    // What has been found is followed from now on: what came in between is found by a second look.
    const isNew = !this.events.isReliable;
    if (!this.queue.isShared) this.events.follow(directories);
    if (isNew && this.events.isReliable) nextMs = Math.min(nextMs, stableMs);
    return Math.min(nextMs, this.events.isReliable ? LOOK_MS : this.limits.pollMs);
  }

  private fileOf(rel: string, stats: Stats): FolderFile {
    return { rel, facts: this.queue.factsOf(stats) };
  }

  /** It stays where it is: nobody can open it by what the system tells of its name. */
  private unnamed(file: string): void {
    this.faults.addOnce('unnamed', 'notTaken', { file, reason: 'its name is not UTF-8; rename it' });
  }

  /** @param isWhole the scan has seen all files: what it has not found is gone */
  private noRoom(files: number, isWhole: boolean): void {
    if (isWhole) this.queue.makeRoom();
    this.faults.addOnce('tooManyFiles', 'tooManyFiles', { files });
  }

  /** Takes files for which there is room, the oldest first. */
  private async take(): Promise<void> {
    if (this.isTaking || this.stopped) return;
    this.isTaking = true;
    this.taking = this.takeSome();
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
      this.notTaken(error);
    } finally {
      this.isTaking = false;
    }
  }

  /** For how many files there is room. */
  private room(): number {
    if (this.stopped) return 0;
    const { acknowledge, maxInFlight } = this.config.settings;
    const ahead = MOST_AHEAD + (acknowledge ? maxInFlight : 0);
    const room = Math.min(MOST_OBJECTS - this.queue.size, ahead - this.queue.ahead);
    if (room <= 0) return 0;
    try {
      this.queue.checkRoom();
      return room;
    } catch (error) {
      if (!(error instanceof QueueRefusal)) throw error;
      this.faults.addOnce(error.code, 'diskLow', { reason: error.message });
      return 0;
    }
  }

  private async takeFile(file: FolderFile): Promise<void> {
    const { rel } = file;
    try {
      const path = join(this.folder, rel);
      // A directory on the way may have become a link since it was looked into.
      if (!isBelow(realpathSync(dirname(path)), realpathSync(this.folder))) return;
      const study = await this.inspected(path, file, rel);
      if (study === undefined || this.stopped) return;
      await this.queue.admit(file, study === '' ? undefined : study);
      this.candidates.forget(rel);
      this.told.changed();
    } catch (error) {
      this.notTaken(error, rel);
    }
  }

  /**
   * The study of a file that is an object, and is to be taken; undefined: it is none, or not complete.
   * @throws the system's error
   */
  private async inspected(path: string, file: FolderFile, key = path): Promise<string | undefined> {
    // So others have their turn.
    await new Promise((turn) => setImmediate(turn));
    const found = inspect(path, file.facts);
    const wasIncomplete = this.candidates.verdict(key) === 'incomplete';
    switch (found.kind) {
      case 'object':
        return found.studyInstanceUID;
      case 'changed':
        return undefined;
      case 'foreign':
        this.candidates.judge(key, 'foreign');
        this.told.changed();
        this.faults.addOnce('foreign', 'foreign', { file: file.rel });
        return undefined;
      case 'incomplete':
        // It has had its time: as what it is, it becomes a dead letter.
        if (wasIncomplete) return '';
        this.candidates.judge(key, 'incomplete');
        this.lookIn(this.limits.incompleteMs);
        this.faults.addOnce('incomplete', 'incomplete', { file: file.rel, reason: found.reason });
        return undefined;
    }
  }

  private notTaken(error: unknown, file = ''): void {
    const { code = '', message: reason } = error as NodeJS.ErrnoException;
    // Somebody has taken it away.
    if (code === 'ENOENT' || code === 'ENOTFILE' || code === 'ELOOP') return;
    this.faults.addOnce(`notTaken ${code}`, 'notTaken', { file, reason });
  }

  private gaveUp(id: string, reason: GiveUpReason, facts: LetterFacts): void {
    this.deadLetterCount += 1;
    // The flow knows what it answered, and nothing is put in place.
    if (reason.kind !== 'failed' && reason.kind !== 'notPlacedInTime')
      this.faults.add(reason.kind, giveUpValues(id, reason), facts);
    this.changed();
  }
}
