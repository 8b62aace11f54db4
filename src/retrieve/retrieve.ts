import { Deadline, Paced } from '../basics';
import {
  bufferSource,
  DicomError,
  encodeIdentifier,
  type ObjectIdentity,
  parseDataSet,
  valuesOfKeyword,
} from '../dicom';
import {
  type CommandStatus,
  hexStatus,
  type ObjectStore,
  type OpenOptions,
  type OpenOutcome,
  type OperationOutcome,
  type ProposedContext,
  type RetrieveFacts,
  ScuAssociation,
  Status,
} from '../network';
import type { QueryPeer } from '../query';
import { Finder, findClasses, findMissing, targetsOf, textsOf, type FoundObject } from './find-classes';
import { identifiersOf, MODELS, type RetrieveModel } from './models';
import type {
  RetrieveCounts,
  RetrieveEnd,
  RetrieveFailure,
  RetrieveRequest,
  RetrieveResult,
  RetrieveTarget,
} from './retrieve-request';
import { contextId, planOneByOne, planStorage, type StoragePlan } from './storage-plan';
import { MOST_OBJECTS, TargetJob } from './target-job';
import { verdictOf } from './verdict';

/** Where the objects of a C-GET go. */
export interface ObjectPlace {
  /** Resolves when it has been tried to open it. */
  tried(): Promise<void>;
  /** Why it takes nothing; undefined: it does. */
  readonly problem: string | undefined;
  /** 0: no limit. */
  readonly maxObjectBytes: number;
  /** Transfer syntaxes that are taken, the best first; empty: all. */
  readonly transferSyntaxes: readonly string[];
  /** @param refuses what was not asked for */
  store(refuses: (identity: ObjectIdentity) => CommandStatus | undefined): ObjectStore;
}

/** To whom it is told. */
export interface RetrieveListener {
  /** A few times a second at most. */
  progress(counts: RetrieveCounts): void;
  ended(end: RetrieveEnd): void;
}

export interface RetrieveLimits {
  /** Before each further try. Milliseconds. */
  pausesMs: readonly number[];
  /** For the final response, once we have said that we want no more. */
  cancelSeconds: number;
}

const LIMITS: RetrieveLimits = { pausesMs: [1_000, 5_000], cancelSeconds: 10 };
const PROGRESS_MS = 250;
/** UIDs in a result. */
const MOST_NAMED = 10_000;
/** Explicit VR first: with it, values of what we do not know are understood. */
const IMPLICIT = '1.2.840.10008.1.2';
const TRANSFER_SYNTAXES = ['1.2.840.10008.1.2.1', IMPLICIT];

type Opened = (outcome: OpenOutcome) => string;

/** One C-MOVE or C-GET of some studies, on one association at a time. It has one end, whatever the peer does. */
export class Retrieve {
  private readonly method: 'move' | 'get';
  private readonly jobs: TargetJob[];
  private readonly opening = new AbortController();
  private readonly late = new Deadline();
  private readonly told: Paced;
  private finder: Finder | undefined;
  private association: ScuAssociation | undefined;
  private isCancelled = false;
  /** Why we ended it; undefined: we have not. */
  private abortedWith: string | undefined;
  private isEnded = false;
  private endPause = (): void => undefined;

  /** @param place of a C-GET */
  constructor(
    readonly request: RetrieveRequest,
    private readonly listener: RetrieveListener,
    private readonly place: ObjectPlace | undefined,
    private readonly limits: RetrieveLimits = LIMITS,
  ) {
    this.method = request.moveDestination === undefined ? 'get' : 'move';
    this.jobs = request.targets.map((target) => new TargetJob(target, this.method));
    this.told = new Paced(PROGRESS_MS, () => listener.progress(this.counts));
  }

  get id(): string {
    return this.request.id;
  }

  /** No more is wanted: it ends with what there is. The peer is told by C-CANCEL. */
  cancel(): void {
    this.isCancelled = true;
    this.opening.abort();
    this.finder?.stop();
    this.endPause();
    const { association } = this;
    if (association === undefined) return;
    association.cancel();
    this.late.start(this.limits.cancelSeconds * 1_000, () =>
      association.abort(`the peer did not end it within ${this.limits.cancelSeconds} s after C-CANCEL`),
    );
  }

  /** The same, where it has not begun. */
  cancelBeforeRun(): void {
    this.isCancelled = true;
    this.end({ kind: 'done', result: this.result() });
  }

  /** Ends it at once. */
  abort(text: string): void {
    this.abortedWith ??= text;
    this.opening.abort();
    this.finder?.abort(text);
    this.endPause();
    this.association?.abort(text);
  }

  /** It is not begun. */
  refuse(failure: RetrieveFailure, text: string): void {
    this.end({ kind: 'failed', failure, text, result: this.result() });
  }

  /**
   * Runs it. Never rejects.
   * @param opened told what became of each association; says in words why there is none
   */
  async run(peer: QueryPeer, opened: Opened): Promise<void> {
    const problem = this.method === 'get' ? await this.placeProblem() : undefined;
    if (problem !== undefined) {
      this.refuse('queueUnusable', problem);
      return;
    }
    this.finder = new Finder(peer, opened);
    for (const pauseMs of [0, ...this.limits.pausesMs]) {
      await this.pause(pauseMs);
      for (const job of this.jobs)
        if (!job.isDone && !this.isOver) {
          await (this.method === 'get' ? this.get(job, peer, opened) : this.move(job, peer, opened));
          job.isDone = !mayWork(job);
        }
      if (this.isOver || this.jobs.every(({ isDone }) => isDone)) break;
    }
    this.told.stop();
    this.end(this.outcome());
  }

  private async placeProblem(): Promise<string | undefined> {
    await this.place?.tried();
    return this.place === undefined ? 'the node has no queue' : this.place.problem;
  }

  /** We want no more of it. */
  private get isOver(): boolean {
    return this.isCancelled || this.abortedWith !== undefined;
  }

  private pause(milliseconds: number): Promise<void> {
    if (milliseconds === 0 || this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // C-MOVE

  private async move(job: TargetJob, peer: QueryPeer, opened: Opened): Promise<void> {
    job.begins();
    const failed = job.failedSOPInstanceUIDs;
    // What can be named alone is asked for alone; else nothing has been moved.
    if (job.status !== undefined && failed.length > 0 && job.target.sopInstanceUIDs.length > 0)
      job.target = { ...job.target, sopInstanceUIDs: failed };
    job.repeats();
    job.forgetFailed();
    const contexts = MODELS.map(({ moveSopClass }, at) => contextOf(at, moveSopClass));
    const association = await this.open(job, peer, opened, contexts);
    if (association === undefined) return;
    await this.ask(association, job, [job.target], ({ moveSopClass }) => moveSopClass);
  }

  // C-GET

  private async get(job: TargetJob, peer: QueryPeer, opened: Opened): Promise<void> {
    job.begins();
    job.mayWork = false;
    job.plans ??= await this.plan(job);
    const plans = job.plans ?? [];
    // A peer may end all of it at the first object that has no context: each association is asked for its own.
    const isListed = plans.length > 1 && (await this.getListed(job, peer, opened));
    if (!isListed)
      for (const plan of plans) if (!this.isGot(job)) await this.getBy(plan, job, [job.target], peer, opened);
    if (!job.isSearched && !this.isGot(job)) await this.getMissing(job, peer, opened);
  }

  /** Object by object, as the peer lists them with their SOP classes. False: it does not. */
  private async getListed(job: TargetJob, peer: QueryPeer, opened: Opened): Promise<boolean> {
    const missing = await this.missing(job);
    const classes = classesIn(missing);
    if (classes.length === 0) return false;
    for (const plan of planStorage(classes, this.place?.transferSyntaxes ?? [])) {
      const objects = missing.filter(({ sopClassUID }) => plan.sopClasses.has(sopClassUID ?? ''));
      await this.getBy(plan, job, targetsOf(job.target, objects), peer, opened);
    }
    return true;
  }

  /** Objects of SOP classes that were not thought of, and of peers that choose contexts by the SOP class alone. */
  private async getMissing(job: TargetJob, peer: QueryPeer, opened: Opened): Promise<void> {
    job.isSearched = true;
    await this.getListed(job, peer, opened);
    const missing = this.isGot(job) ? [] : await this.missing(job);
    const named = classesIn(missing);
    const classes =
      named.length > 0 ? named : [...new Set(job.plans?.flatMap((plan) => [...plan.sopClasses]))];
    for (const plan of planOneByOne(classes, this.place?.transferSyntaxes ?? [])) {
      const targets = targetsOf(
        job.target,
        missing.filter(({ sopInstanceUID }) => !job.received.has(sopInstanceUID)),
      );
      if (targets.length === 0 || this.isGot(job)) return;
      await this.getBy(plan, job, targets, peer, opened);
    }
  }

  private missing(job: TargetJob): Promise<FoundObject[]> {
    if (this.finder === undefined) return Promise.resolve([]);
    return findMissing(job.target, this.finder, (uid) => !job.received.has(uid));
  }

  /** Nothing is missing, or there is no use in going on. */
  private isGot(job: TargetJob): boolean {
    return this.isOver || job.failure !== undefined || (job.status !== undefined && job.isComplete);
  }

  /** Undefined: the peer cannot be reached. */
  private async plan(job: TargetJob): Promise<StoragePlan[] | undefined> {
    if (this.finder === undefined) return undefined;
    const found = await findClasses(job.target, this.finder);
    if ('kind' in found) {
      const text = found.kind === 'failed' ? found.text : '';
      if (!this.isOver) job.fail('unreachable', text, true);
      return undefined;
    }
    return planStorage(found, this.place?.transferSyntaxes ?? []);
  }

  /** @param targets what of the job is asked for */
  private async getBy(
    plan: StoragePlan,
    job: TargetJob,
    targets: readonly RetrieveTarget[],
    peer: QueryPeer,
    opened: Opened,
  ): Promise<void> {
    if (this.isOver || job.failure !== undefined) return;
    job.begins();
    const contexts = [...MODELS.map(({ getSopClass }, at) => contextOf(at, getSopClass)), ...plan.contexts];
    const storage = {
      store: this.storeOf(job),
      accepts: (sopClassUID: string) => plan.sopClasses.has(sopClassUID),
      maxObjectBytes: this.place?.maxObjectBytes ?? 0,
    };
    const options = { storage, roles: plan.roles };
    const association = await this.open(job, peer, opened, contexts, options);
    if (association === undefined) return;
    await this.ask(association, job, targets, ({ getSopClass }) => getSopClass);
  }

  /** Objects that came on an association before are in the queue. */
  private storeOf(job: TargetJob): ObjectStore {
    const store = this.place?.store((identity) => job.refuses(identity));
    const before = new Set(job.received);
    return {
      begin: (request) => {
        const { sopInstanceUID } = request;
        if (before.has(sopInstanceUID)) return ALREADY_THERE;
        if (store === undefined || job.received.size >= MOST_OBJECTS)
          return this.refused(job, sopInstanceUID, {
            status: Status.outOfResources,
            comment: 'too many objects',
          });
        const object = store.begin(request);
        if ('refused' in object) return this.refused(job, sopInstanceUID, object.refused);
        return {
          append: (bytes) => {
            const refused = object.append(bytes);
            if (refused !== undefined) job.stored(sopInstanceUID, refused.status);
            return refused;
          },
          complete: async () => {
            const answer = await object.complete();
            job.stored(sopInstanceUID, answer.status);
            return answer;
          },
          discard: () => object.discard(),
        };
      },
    };
  }

  private refused(job: TargetJob, uid: string, refused: CommandStatus): { refused: CommandStatus } {
    job.stored(uid, refused.status);
    return { refused };
  }

  // Both

  /** Undefined: there is none, and the job knows why. */
  private async open(
    job: TargetJob,
    peer: QueryPeer,
    opened: Opened,
    contexts: readonly ProposedContext[],
    options: OpenOptions = {},
  ): Promise<ScuAssociation | undefined> {
    const { signal } = this.opening;
    const outcome = await ScuAssociation.open(peer.target, contexts, peer.limits, { ...options, signal });
    const why = opened(outcome);
    if (outcome.outcome === 'opened') return outcome.association;
    if (!this.isOver) job.fail('unreachable', why, true);
    return undefined;
  }

  /** @param sopClassOf a model, for this method */
  private async ask(
    association: ScuAssociation,
    job: TargetJob,
    targets: readonly RetrieveTarget[],
    sopClassOf: (model: RetrieveModel) => string,
  ): Promise<void> {
    const at = MODELS.findIndex(
      ({ needsPatient }, index) =>
        association.contexts.has(contextId(index)) && (!needsPatient || job.target.patientID !== undefined),
    );
    const model = MODELS[at];
    const context = association.contexts.get(contextId(at));
    if (model === undefined || context === undefined)
      job.fail('notAccepted', 'the other side does not offer this way of retrieving', false);
    else {
      this.association = association;
      for (const keys of targets.flatMap((target) => identifiersOf(target, model))) {
        if (this.isOver || job.failure !== undefined) break;
        const identifier = this.encoded(job, keys, context.transferSyntax);
        if (identifier === undefined) break;
        const { moveDestination, messageId } = this.request;
        const outcome = await association.retrieve({
          sopClassUID: sopClassOf(model),
          contextId: contextId(at),
          identifier,
          messageId,
          ...(moveDestination !== undefined && { moveDestination }),
          counted: (counts) => {
            job.counted(counts);
            this.told.changed();
          },
        });
        this.answered(job, outcome, context.transferSyntax);
      }
      this.late.stop();
      this.association = undefined;
    }
    if (association.isOpen) await association.release();
    else await association.ended;
  }

  private encoded(job: TargetJob, keys: object, transferSyntax: string): Buffer | undefined {
    try {
      return encodeIdentifier(keys, transferSyntax);
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      job.fail('uidsInvalid', error.message, false);
      return undefined;
    }
  }

  private answered(job: TargetJob, answer: OperationOutcome & RetrieveFacts, transferSyntax: string): void {
    const { counts, identifier, behind } = answer;
    job.answered(counts, [
      ...(identifier === undefined ? [] : failedIn(identifier, transferSyntax)),
      ...(behind === undefined ? [] : failedIn(behind, IMPLICIT)),
    ]);
    this.told.changed();
    if (answer.outcome !== 'answered') {
      // What has been moved would be moved again.
      if (!this.isOver) job.fail('broken', answer.text, this.method === 'get' || !job.hasSome);
      return;
    }
    const { status, errorComment } = answer;
    job.status = status;
    const verdict = verdictOf(status);
    const hasTried = (counts.failed ?? 0) + (counts.completed ?? 0) + (counts.warning ?? 0) > 0;
    // That some, or all, of them failed is known of each, and another association may have contexts for them.
    if (verdict.end !== 'failed' || (hasTried && (job.hasSome || this.method === 'get'))) {
      if (verdict.again) job.mayWork = true;
      return;
    }
    const words = errorComment === undefined ? '' : `: ${errorComment}`;
    job.fail('refused', `status ${hexStatus(status)}, ${verdict.words}${words}`, verdict.again, status);
  }

  // The end

  private get counts(): RetrieveCounts {
    const sum = { completed: 0, failed: 0, warning: 0, remaining: 0 };
    for (const { counts } of this.jobs)
      for (const name of ['completed', 'failed', 'warning', 'remaining'] as const) sum[name] += counts[name];
    return sum;
  }

  private result(): RetrieveResult {
    const failedSOPInstanceUIDs: string[] = [];
    for (const job of this.jobs)
      for (const uid of job.failedSOPInstanceUIDs)
        if (failedSOPInstanceUIDs.length < MOST_NAMED) failedSOPInstanceUIDs.push(uid);
    return {
      ...this.counts,
      failedSOPInstanceUIDs,
      status: this.isCancelled
        ? hexStatus(Status.cancel)
        : worst(this.jobs.map(({ statusText }) => statusText)),
      cancelled: this.isCancelled,
    };
  }

  private outcome(): RetrieveEnd {
    const result = this.result();
    if (this.isCancelled) return { kind: 'done', result };
    if (this.abortedWith !== undefined)
      return { kind: 'failed', failure: 'stopped', text: this.abortedWith, result };
    const failure = this.jobs.map((job) => failureOf(job)).find((each) => each !== undefined);
    return failure === undefined ? { kind: 'done', result } : { kind: 'failed', ...failure, result };
  }

  private end(end: RetrieveEnd): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.listener.ended(end);
  }
}

const ALREADY_THERE = {
  append: () => undefined,
  complete: () => Promise.resolve({ status: Status.success }),
  discard: () => undefined,
};

function classesIn(objects: readonly FoundObject[]): string[] {
  return [...new Set(objects.flatMap(({ sopClassUID }) => sopClassUID ?? []))];
}

function contextOf(at: number, abstractSyntax: string): ProposedContext {
  return { id: contextId(at), abstractSyntax, transferSyntaxes: TRANSFER_SYNTAXES };
}

/** Another try may bring what is missing. */
function mayWork(job: TargetJob): boolean {
  if (job.failure !== undefined) return job.failure.again;
  return job.mayWork && !job.isComplete;
}

/** Why a target has not been retrieved; undefined: it has, or some of it. */
function failureOf(job: TargetJob): { failure: RetrieveFailure; text: string } | undefined {
  if (job.failure !== undefined) return job.failure;
  const { status } = job;
  const isRefused = status !== undefined && verdictOf(status).end === 'failed' && !job.hasSome;
  if (!isRefused) return undefined;
  return { failure: 'refused', text: `status ${hexStatus(status)}, ${verdictOf(status).words}` };
}

/** Failures before what has partly worked, and that before what has. */
function worst(statuses: readonly string[]): string {
  const [first = ''] = statuses.toSorted((one, other) => rank(other) - rank(one));
  return first;
}

function rank(status: string): number {
  const { end } = verdictOf(parseInt(status, 16));
  return ['success', 'cancelled', 'partial', 'failed'].indexOf(end);
}

/** What the peer names in a final response is for people: where it cannot be read there are no names. */
function failedIn(identifier: Buffer, transferSyntaxUID: string): string[] {
  try {
    const parsed = parseDataSet(bufferSource(identifier), { transferSyntaxUID });
    return textsOf(valuesOfKeyword(parsed, 'FailedSOPInstanceUIDList'));
  } catch (error) {
    if (error instanceof DicomError) return [];
    throw error;
  }
}
