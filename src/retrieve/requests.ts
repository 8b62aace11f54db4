import { Deadline } from '../basics';
import { bufferSource, DicomError, encodeIdentifier, parseDataSet, valuesOfKeyword } from '../dicom';
import {
  hexStatus,
  type OpenOptions,
  type OpenOutcome,
  type OperationOutcome,
  type ProposedContext,
  type RetrieveFacts,
  ScuAssociation,
} from '../network';
import type { QueryPeer } from '../query';
import { Finder, uidsOf } from './find';
import { identifiersOf, MODELS, type RetrieveModel } from './models';
import type { RetrieveRequest, RetrieveTarget } from './retrieve-request';
import { contextId } from './storage-plan';
import type { TargetJob } from './target-job';
import { verdictOf } from './verdict';

/** Told what became of each association; says in words why there is none. */
export type Opened = (outcome: OpenOutcome) => string;

export interface RequestLimits {
  /** For the final response, once we have said that we want no more. */
  cancelSeconds: number;
  /** A peer that says again and again that it is at it is believed so long, if its counts stay as they are and no object comes. */
  stallSeconds: number;
}

/** What requests are made of. */
interface RequestsOptions {
  request: RetrieveRequest;
  peer: QueryPeer;
  opened: Opened;
  limits: RequestLimits;
  /** Aborted when no more is to be asked for. */
  unwanted: AbortSignal;
  /** The counts of a job have changed. */
  counted(): void;
}

/** What is to be stored here during a C-GET. */
export interface StorageProposal extends Pick<OpenOptions, 'storage' | 'roles'> {
  contexts: readonly ProposedContext[];
}

/** Explicit VR first: with it, values of what we do not know are understood. */
const IMPLICIT = '1.2.840.10008.1.2';
const TRANSFER_SYNTAXES = ['1.2.840.10008.1.2.1', IMPLICIT];
const NOTHING_TO_STORE: StorageProposal = { contexts: [] };

/** The C-MOVEs or C-GETs of one retrieval: one association at a time, and one request at a time on it. */
export class Requests {
  readonly finder: Finder;
  private readonly late = new Deadline();
  private readonly stall = new Deadline();
  private association: ScuAssociation | undefined;

  constructor(private readonly options: RequestsOptions) {
    this.finder = new Finder(options.peer, options.opened);
  }

  /** We want no more of it. */
  get areOver(): boolean {
    return this.options.unwanted.aborted;
  }

  /** The peer is told by C-CANCEL. */
  cancel(): void {
    this.finder.stop();
    const { association } = this;
    const { cancelSeconds: seconds } = this.options.limits;
    if (association === undefined) return;
    association.cancel();
    this.late.start(seconds * 1_000, () =>
      association.abort(`the peer did not end it within ${seconds} s after C-CANCEL`),
    );
  }

  /** Ends them at once. */
  abort(text: string): void {
    this.finder.abort(text);
    this.association?.abort(text);
  }

  /**
   * Asks for these on an association of their own. What comes of it is in the job.
   * @param targets what of the job is asked for
   */
  async ask(
    job: TargetJob,
    targets: readonly RetrieveTarget[],
    { contexts, ...options }: StorageProposal = NOTHING_TO_STORE,
  ): Promise<void> {
    const { peer, opened, unwanted: signal } = this.options;
    const ofModels = MODELS.map((model, at) => contextOf(at, this.sopClassOf(model)));
    const all = [...ofModels, ...contexts];
    const outcome = await ScuAssociation.open(peer.target, all, peer.limits, { ...options, signal });
    const why = opened(outcome);
    if (outcome.outcome === 'opened') await this.askOn(outcome.association, job, targets);
    else if (!this.areOver) job.fail('unreachable', why, true);
  }

  private get isGet(): boolean {
    return this.options.request.moveDestination === undefined;
  }

  private sopClassOf({ moveSopClass, getSopClass }: RetrieveModel): string {
    return this.isGet ? getSopClass : moveSopClass;
  }

  private async askOn(
    association: ScuAssociation,
    job: TargetJob,
    targets: readonly RetrieveTarget[],
  ): Promise<void> {
    const at = MODELS.findIndex(
      ({ needsPatient }, index) =>
        association.contexts.has(contextId(index)) && (!needsPatient || job.target.patientID !== undefined),
    );
    const model = MODELS[at];
    const transferSyntax = association.contexts.get(contextId(at))?.transferSyntax;
    if (model === undefined || transferSyntax === undefined)
      job.fail('notAccepted', 'the peer does not offer this way of retrieving', false);
    else {
      this.association = association;
      this.watch(association, job);
      for (const keys of targets.flatMap((target) => identifiersOf(target, model))) {
        if (this.areOver || job.failure !== undefined) break;
        const identifier = encoded(job, keys, transferSyntax);
        if (identifier === undefined) break;
        const { moveDestination, messageId } = this.options.request;
        const outcome = await association.retrieve({
          sopClassUID: this.sopClassOf(model),
          contextId: contextId(at),
          identifier,
          messageId,
          ...(moveDestination !== undefined && { moveDestination }),
          counted: (counts) => {
            job.counted(counts);
            this.options.counted();
          },
        });
        this.answered(job, outcome, transferSyntax);
      }
      this.late.stop();
      this.stall.stop();
      this.association = undefined;
    }
    if (association.isOpen) await association.release();
    else await association.ended;
  }

  /** Ends it where nothing has changed when the time is over. */
  private watch(association: ScuAssociation, job: TargetJob): void {
    const { stallSeconds: seconds } = this.options.limits;
    const before = JSON.stringify(job.counts);
    this.stall.start(seconds * 1_000, () => {
      if (JSON.stringify(job.counts) !== before) this.watch(association, job);
      else association.abort(`the peer has got no further within ${seconds} s`);
    });
  }

  private answered(job: TargetJob, answer: OperationOutcome & RetrieveFacts, transferSyntax: string): void {
    const { counts, identifier, behind } = answer;
    job.answered(counts, [
      ...(identifier === undefined ? [] : failedIn(identifier, transferSyntax)),
      ...(behind === undefined ? [] : failedIn(behind, IMPLICIT)),
    ]);
    this.options.counted();
    const { isGet } = this;
    if (answer.outcome !== 'answered') {
      // What has been moved would be moved again.
      if (!this.areOver) job.fail('broken', answer.text, isGet || !job.hasSome);
      return;
    }
    const { status, errorComment } = answer;
    job.ended(status, counts);
    const { end, again, words } = verdictOf(status);
    const hasTried = (counts.failed ?? 0) + (counts.completed ?? 0) + (counts.warning ?? 0) > 0;
    // That some, or all, of them failed is known of each, and another association may have contexts for them.
    if (end !== 'failed' || (hasTried && (job.hasSome || isGet))) {
      if (again === 'always') job.mayWork = true;
      return;
    }
    const comment = errorComment === undefined ? '' : `: ${errorComment}`;
    const text = `status ${hexStatus(status)}, ${words}${comment}`;
    job.fail('refused', text, again === 'always' || (again === 'untouched' && !job.hasSome), status);
  }
}

function contextOf(at: number, abstractSyntax: string): ProposedContext {
  return { id: contextId(at), abstractSyntax, transferSyntaxes: TRANSFER_SYNTAXES };
}

/** Undefined: it cannot be, and the job knows why. */
function encoded(job: TargetJob, keys: object, transferSyntax: string): Buffer | undefined {
  try {
    return encodeIdentifier(keys, transferSyntax);
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    job.fail('uidsInvalid', error.message, false);
    return undefined;
  }
}

/** What the peer names in a final response is for people: where it cannot be read there are no names. */
function failedIn(identifier: Buffer, transferSyntaxUID: string): string[] {
  try {
    const parsed = parseDataSet(bufferSource(identifier), { transferSyntaxUID });
    return uidsOf(valuesOfKeyword(parsed, 'FailedSOPInstanceUIDList'));
  } catch (error) {
    if (error instanceof DicomError) return [];
    throw error;
  }
}
