import { resolve } from 'node:path';
import type { LetterFacts } from '../admin-api';
import { BackOff, Paced } from '../basics';
import { Answers, Delivery, giveUpValues, QueueService, RunningFaults, type GiveUpReason } from '../delivery';
import type { ConvertedObject } from '../message';
import { fileHead, type HeadOf } from '../object';
import { FolderQueue } from '../queue';
import { DICOM_IN } from '../settings';
import { Candidates } from './candidates';
import { folderFault, type WatchFault, type WatchFaultKind } from './faults';
import { FolderEvents } from './folder-events';
import { Inspection } from './inspection';
import { Looking } from './looking';
import { namePattern } from './name-pattern';
import { checkOutside } from './outside';
import { MOST_OBJECTS, Taking } from './taking';
import { ownerName, type WatchConfig } from './watch-config';
import type { WatchLimits, WatchParts } from './watch-parts';
import { studyOf, timeOf } from './watched-file';
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
const POLL_MS = 5_000;
/** After the system has told of something. */
const SOON_MS = 100;
/** A look takes one part in this many of the time, however large the folder is. */
const REST = 5;
const INCOMPLETE_MS = 60_000;
const KEEP_DELIVERED_MS = 60_000;
const KEEP_DELIVERED_BYTES = 2_000_000_000;
const MAX_CRASHES = 10;

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
  private readonly candidates = new Candidates();
  private readonly events = new FolderEvents(() => this.lookSoon());
  private readonly retries: BackOff;
  private readonly faults = new RunningFaults<WatchFaultKind>('leftover', (fault) =>
    this.output.fault(fault),
  );
  private readonly told: Paced;
  private readonly folderLook: Looking;
  private readonly taking: Taking;
  private isOpen = false;
  private isWatching = false;
  private stopped = false;
  private lastFault: WatchFaultKind | undefined;
  private looking: Promise<void> = Promise.resolve();
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
    const parts = this.parts();
    const inspection = new Inspection(parts);
    this.folderLook = new Looking(parts, namePattern(settings.pattern), this.events, inspection);
    this.taking = new Taking(parts, inspection);
  }

  private parts(): WatchParts {
    const { folder, queue, candidates, faults, limits } = this;
    return {
      ...{ folder, queue, candidates, faults, limits },
      settings: this.config.settings,
      isStopped: () => this.stopped,
      lookIn: (milliseconds) => this.lookIn(milliseconds),
      tell: () => this.told.changed(),
    };
  }

  /** Begins; on failure reports and tries again by itself. */
  start(): void {
    this.looking = this.begin();
  }

  delivered(id: string): void {
    this.deliveredCount += 1;
    this.delivery.delivered(id);
    this.changed();
    void this.taking.take();
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
    await this.taking.ended();
    this.delivery.stop();
    if (this.isOpen) this.queue.close();
    this.told.stop();
  }

  protected changed(): void {
    this.told.changed();
    // There may be room for more.
    void this.taking.take();
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
    this.taking.set([]);
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
      const found = await this.folderLook.look();
      if (found === undefined) return;
      this.taking.set(found.complete);
      this.works();
      this.lookedMs = performance.now() - began;
      this.lookIn(Math.max(found.nextMs, this.lookedMs * REST));
    } catch (error) {
      this.lookedMs = performance.now() - began;
      this.failed(error);
      return;
    }
    await this.taking.take();
  }

  private gaveUp(id: string, reason: GiveUpReason, facts: LetterFacts): void {
    this.deadLetterCount += 1;
    // The flow knows what it answered, and nothing is put in place.
    if (reason.kind !== 'failed' && reason.kind !== 'notPlacedInTime')
      this.faults.add(reason.kind, giveUpValues(id, reason), facts);
    this.changed();
  }
}
