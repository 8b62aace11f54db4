import type { ObjectIdentity } from '../dicom';
import { Status, hexStatus, type CommandStatus, type SubOperations } from '../network';
import type { RetrieveCounts, RetrieveFailure, RetrieveTarget } from './retrieve-request';
import type { StoragePlan } from './storage-plan';
import { verdictOf } from './verdict';

/** Objects of one target that are remembered by their UIDs: more are refused. */
export const MOST_OBJECTS = 200_000;

const NOT_ASKED_FOR: CommandStatus = {
  status: Status.notAuthorized,
  comment: 'nobody asked for an object of this study',
};

/** Why it has not worked, and whether another try may. */
export interface JobFailure {
  failure: RetrieveFailure;
  text: string;
  status?: number;
  again: boolean;
}

/** One target, until there is nothing more to be done for it. */
export class TargetJob {
  isDone = false;
  failure: JobFailure | undefined;
  /** Objects that are durable in our queue, and the checksum of each. */
  readonly received = new Map<string, number>();
  /** How many they are, also where several have the same UID. */
  inQueue = 0;
  /** Of those that came on one association, the most that have the UID of another one. */
  private twins = 0;
  private twinsOfAssociation = 0;
  /** Those that the peer, or we, could name. */
  private readonly failedUIDs = new Set<string>();
  /** Something failed that may work in a moment. */
  mayWork = false;
  /** Of a C-GET; undefined: it is not known yet what is to be proposed. */
  plans: StoragePlan[] | undefined;
  /** The peer has been asked which objects are missing. */
  isSearched = false;
  /** Of the last final response. */
  status: number | undefined;
  /** Of what has been answered to its end. */
  private readonly moved: RetrieveCounts = { completed: 0, failed: 0, warning: 0, remaining: 0 };
  /** The most objects that the peer has spoken of on one association. */
  private total = 0;
  private ofAssociation = 0;
  private now: SubOperations = {};
  /** The peer has said that not all went well, and its counts do not say what. */
  private isDoubtful = false;
  /** It has been asked for again, and the peer has not counted it since. */
  private isAskedAgain = false;

  constructor(
    readonly target: RetrieveTarget,
    private readonly method: 'move' | 'get',
  ) {}

  /** What the study of an object says to its being stored; undefined: it is welcome. */
  refuses({ studyInstanceUID }: ObjectIdentity): CommandStatus | undefined {
    return studyInstanceUID === this.target.studyInstanceUID ? undefined : NOT_ASKED_FOR;
  }

  /** An object was answered. @param checksum of one that is in the queue */
  stored(sopInstanceUID: string, status: number, checksum = 0): void {
    if (status === Status.success) {
      this.inQueue += 1;
      if (this.received.has(sopInstanceUID)) this.twinsOfAssociation += 1;
      this.twins = Math.max(this.twins, this.twinsOfAssociation);
      this.received.set(sopInstanceUID, checksum);
      this.failedUIDs.delete(sopInstanceUID);
      return;
    }
    this.name([sopInstanceUID]);
    if (status >> 8 === Status.outOfResources >> 8) this.mayWork = true;
  }

  /** An object did not come as a whole, or is not taken. */
  notStored(sopInstanceUID: string): void {
    if (!this.received.has(sopInstanceUID)) this.name([sopInstanceUID]);
  }

  /** Another association, or another try, begins. */
  begins(): void {
    this.failure = undefined;
    // What is moved is not asked for again.
    if (this.method === 'get' || !this.hasSome) this.isDoubtful = false;
    this.ofAssociation = 0;
    this.twinsOfAssociation = 0;
    this.now = {};
  }

  counted(counts: SubOperations): void {
    this.countedAnew(counts);
    this.now = counts;
  }

  /** A request was answered to its end, or lost. */
  answered(counts: SubOperations, failed: readonly string[]): void {
    const { completed = 0, failed: failures = 0, warning = 0, remaining = 0 } = counts;
    this.countedAnew(counts);
    this.now = {};
    this.ofAssociation += completed + failures + warning + remaining;
    this.total = Math.max(this.total, this.ofAssociation);
    this.moved.completed += completed;
    this.moved.failed += failures;
    this.moved.warning += warning;
    this.moved.remaining += remaining;
    this.name(failed);
  }

  /** A request had its final response. @param counts those of the whole request */
  ended(status: number, { failed = 0, warning = 0, remaining = 0 }: SubOperations): void {
    this.status = status;
    const { end } = verdictOf(status);
    if ((end === 'partial' || end === 'failed') && failed + warning + remaining === 0) this.isDoubtful = true;
  }

  /** All that is missing is asked for again: it remains to be moved, until the peer counts it anew. */
  repeats(): void {
    this.moved.remaining += this.moved.failed;
    this.moved.failed = 0;
    this.mayWork = false;
    this.isAskedAgain = true;
  }

  /** No other try: it stays as it is. */
  giveUp(): void {
    this.mayWork = false;
    if (this.failure !== undefined) this.failure.again = false;
  }

  fail(failure: RetrieveFailure, text: string, again: boolean, status?: number): void {
    this.failure = { failure, text, again, ...(status !== undefined && { status }) };
  }

  get failedSOPInstanceUIDs(): string[] {
    return [...this.failedUIDs].filter((uid) => !this.received.has(uid));
  }

  /** Nothing that is known of is missing. */
  get isComplete(): boolean {
    const { failed, remaining } = this.counts;
    return !this.isDoubtful && this.failedSOPInstanceUIDs.length === 0 && failed + remaining === 0;
  }

  get hasSome(): boolean {
    return this.counts.completed + this.counts.warning > 0;
  }

  get counts(): RetrieveCounts {
    const { completed = 0, failed = 0, warning = 0, remaining = 0 } = this.now;
    if (this.method === 'move')
      return {
        completed: this.moved.completed + completed,
        failed: this.moved.failed + failed,
        warning: this.moved.warning + warning,
        remaining: this.moved.remaining + remaining,
      };
    // Of a C-GET it counts what we have.
    const known = Math.max(this.total, this.ofAssociation + completed + failed + warning + remaining);
    const missing = Math.max(0, known - this.received.size - this.twins);
    const left = Math.min(missing, this.moved.remaining + remaining);
    return {
      completed: this.inQueue,
      failed: Math.max(missing - left, this.failedSOPInstanceUIDs.length),
      warning: 0,
      remaining: left,
    };
  }

  /** As the flow gets it; empty: the peer gave none. */
  get statusText(): string {
    if (this.failure !== undefined || this.status === undefined)
      return this.failure?.status === undefined ? '' : hexStatus(this.failure.status);
    if (this.status === Status.cancel) return hexStatus(this.status);
    const { failed, warning, remaining } = this.counts;
    const isPartial = this.isDoubtful || failed + warning + remaining > 0;
    return hexStatus(isPartial ? SOME_FAILED : Status.success);
  }

  private countedAnew(counts: SubOperations): void {
    if (!this.isAskedAgain || Object.keys(counts).length === 0) return;
    this.isAskedAgain = false;
    this.moved.remaining = 0;
    this.failedUIDs.clear();
  }

  private name(uids: readonly string[]): void {
    for (const uid of uids) if (this.failedUIDs.size < MOST_OBJECTS) this.failedUIDs.add(uid);
  }
}

/** PS3.4 Table C.4-2: one or more sub-operations failed or have a warning. */
const SOME_FAILED = 0xb000;
