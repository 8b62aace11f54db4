import { Deadline } from '../basics';
import { bufferSource, convertParsed, DicomError, encodeIdentifier, parseDataSet } from '../dicom';
import {
  type AssociationEnd,
  hexStatus,
  type OpenOutcome,
  type OperationOutcome,
  ScuAssociation,
  type ScuLimits,
  type ScuTarget,
  Status,
} from '../network';
import { Batches } from './batches';
import { type Keys, missingUniqueKey, withReturnKeys } from './keys';
import { extendedInformation, FIND_SOP_CLASS, notNegotiated } from './models';
import type { QueryEnd, QueryFailure, QueryRequest } from './query-request';

/** With whom, and how long. */
export interface QueryPeer {
  target: ScuTarget;
  limits: ScuLimits;
}

/** To whom a query tells what it finds. */
export interface QueryListener {
  /** JSON of an object of keywords each. `taken` is to be called for each batch. */
  matches(matches: string[]): void;
  ended(end: QueryEnd): void;
}

const CONTEXT_ID = 1;
/** Explicit VR first: with it, values of what we do not know are understood. */
const TRANSFER_SYNTAXES = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2'];
/** For the final response, once we have said that we want no more. */
const CANCEL_SECONDS = 10;

/** One query on an association of its own. It has one end, whatever the peer does. */
export class Query {
  private readonly batches: Batches;
  private readonly opening = new AbortController();
  private readonly late = new Deadline();
  private association: ScuAssociation | undefined;
  private matches = 0;
  private isFull = false;
  private isCancelled = false;
  /** Why we ended it; undefined: we have not. */
  private fault: string | undefined;
  private isEnded = false;

  constructor(
    readonly request: QueryRequest,
    private readonly listener: QueryListener,
  ) {
    this.batches = new Batches((matches) => listener.matches(matches));
  }

  get id(): string {
    return this.request.id;
  }

  /** The main thread is done with a batch of matches. */
  taken(): void {
    this.batches.taken();
  }

  /** No more is wanted: it ends with what there is. The peer is told by C-CANCEL. */
  cancel(): void {
    this.isCancelled = true;
    if (this.association === undefined) this.opening.abort();
    else this.stopMatches(this.association);
  }

  /** Ends it at once. */
  abort(text: string): void {
    this.opening.abort();
    this.association?.abort(text);
    this.batches.release();
  }

  /** The same, where it has not begun. */
  cancelBeforeRun(): void {
    this.isCancelled = true;
    this.end(this.done([]));
  }

  /** It is not begun. */
  refuse(failure: QueryFailure, text: string): void {
    this.end({ kind: 'failed', failure, matches: 0, text });
  }

  /**
   * Runs it. Never rejects.
   * @param opened told what became of the association; says in words why there is none
   */
  async run(peer: QueryPeer, opened: (outcome: OpenOutcome) => string): Promise<void> {
    const keys = this.keys();
    if (keys === undefined) return;
    const { model, extensions } = this.request;
    const sopClass = FIND_SOP_CLASS[model];
    const information = extendedInformation(model, extensions);
    const outcome = await ScuAssociation.open(
      peer.target,
      [{ id: CONTEXT_ID, abstractSyntax: sopClass, transferSyntaxes: TRANSFER_SYNTAXES }],
      peer.limits,
      { signal: this.opening.signal, ...(information && { extended: [{ sopClass, information }] }) },
    );
    const why = opened(outcome);
    if (outcome.outcome === 'opened') await this.ask(outcome.association, keys);
    else if (this.isCancelled) this.end(this.done([]));
    else this.refuse(this.opening.signal.aborted ? 'stopped' : 'unreachable', why);
  }

  /** Undefined: they are wrong, and that was its end. */
  private keys(): Keys | undefined {
    const { model, level, keys: json, extensions } = this.request;
    const keys = withReturnKeys(this.request, JSON.parse(json) as Keys);
    const missing = extensions.relational ? undefined : missingUniqueKey(model, level, keys);
    try {
      if (missing !== undefined)
        throw new DicomError('query-invalid', `${missing}: a query at this level needs its value`);
      // What is wrong is wrong in each transfer syntax: the peer need not be called to know it.
      encodeIdentifier(keys, TRANSFER_SYNTAXES[0] ?? '');
      return keys;
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      this.refuse('keysInvalid', error.message);
      return undefined;
    }
  }

  private async ask(association: ScuAssociation, keys: Keys): Promise<void> {
    const { model, extensions } = this.request;
    const sopClassUID = FIND_SOP_CLASS[model];
    const context = association.contexts.get(CONTEXT_ID);
    if (context === undefined) {
      this.refuse('notAccepted', 'the peer does not offer this query');
      await association.release();
      return;
    }
    this.association = association;
    const { transferSyntax } = context;
    const identifier = encodeIdentifier(keys, transferSyntax);
    const match = (bytes: Buffer): Promise<void> | undefined => this.take(association, bytes, transferSyntax);
    const finding = association.find({ sopClassUID, contextId: CONTEXT_ID, identifier, match });
    if (this.isCancelled) this.stopMatches(association);
    const outcome = await finding;
    this.late.stop();
    this.batches.flush();
    const answer = association.peer.extended.get(sopClassUID);
    this.end(this.endOf(outcome, notNegotiated(model, extensions, answer)));
    await released(association);
  }

  /** Takes a match; a promise holds up the peer. */
  private take(association: ScuAssociation, bytes: Buffer, syntax: string): Promise<void> | undefined {
    if (this.isFull || this.isCancelled || this.fault !== undefined) return undefined;
    if (this.matches === this.request.limit) {
      this.isFull = true;
      this.stopMatches(association);
      return undefined;
    }
    const json = this.converted(association, bytes, syntax);
    if (json === undefined) return undefined;
    this.matches += 1;
    return this.batches.add(json);
  }

  /** As dicom-in makes it of an object. Undefined: it cannot be understood, and that ends the query. */
  private converted(
    association: ScuAssociation,
    bytes: Buffer,
    transferSyntaxUID: string,
  ): string | undefined {
    try {
      const parsed = parseDataSet(bufferSource(bytes), { transferSyntaxUID });
      return convertParsed(parsed, MESSAGE).json;
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      this.fault = `match ${this.matches + 1} cannot be understood: ${error.message}`;
      association.abort(this.fault);
      return undefined;
    }
  }

  /** Tells the peer, and waits so long for its final response. */
  private stopMatches(association: ScuAssociation): void {
    association.cancel();
    this.batches.release();
    this.late.start(CANCEL_SECONDS * 1_000, () =>
      association.abort(`the peer did not end the query within ${CANCEL_SECONDS} s after C-CANCEL`),
    );
  }

  private endOf(outcome: OperationOutcome, missing: string[]): QueryEnd {
    const { matches } = this;
    const failed = (failure: QueryFailure, text: string): QueryEnd => ({
      kind: 'failed',
      failure,
      matches,
      text,
    });
    if (this.fault !== undefined) return failed('broken', this.fault);
    // We have what we wanted, however the peer ends it.
    if (this.isFull || this.isCancelled) return this.done(missing);
    if (outcome.outcome !== 'answered')
      return failed(this.opening.signal.aborted ? 'stopped' : 'broken', outcome.text);
    const { status, errorComment } = outcome;
    if (status === Status.success) return this.done(missing);
    const words = errorComment === undefined ? '' : `: ${errorComment}`;
    return { ...failed('refused', `status ${hexStatus(status)}${words}`), status } as QueryEnd;
  }

  private done(missing: string[]): QueryEnd {
    const { matches, isFull, isCancelled: cancelled } = this;
    return { kind: 'done', matches, truncated: isFull || cancelled, cancelled, notNegotiated: missing };
  }

  private end(end: QueryEnd): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.listener.ended(end);
  }
}

const MESSAGE = {
  includeCommonFieldsNode: false,
  includeReportNode: false,
  includeTagsNode: true,
  tagsFormat: 'keyword',
} as const;

function released(association: ScuAssociation): Promise<AssociationEnd> {
  return association.isOpen ? association.release() : association.ended;
}
