import { asError, loggableReason } from '../basics';
import { DicomError } from '../dicom';
import {
  chooseContext,
  COMMITMENT_CONTEXT,
  type CommitmentReport,
  type CommitmentUser,
  type DataSetSource,
  ScuAssociation,
  type OpenOutcome,
  type OperationOutcome,
} from '../network';
import type { OutgoingObject } from '../object';
import type { Decoder } from '../transcode';
import type { CommitmentRequest } from './commitments';
import { isForNow } from './for-now';
import { isProposed, type KnownContexts, type Proposal } from './known-contexts';
import { isConfiguration, notAcceptedText, openText } from './peer-words';
import { scuTarget, type PeerConfig } from './peer-config';
import { answeredAttempt, type Attempt, failureOfReading, type JobProgress } from './send-job';
import { preparedDataSet } from './prepared';

/** What a lane is to do next. `look`: see again how long to wait for that. */
export type Task =
  { kind: 'send'; progress: JobProgress } | { kind: 'ask'; request: CommitmentRequest } | { kind: 'look' };

/** What a lane wants of its line. */
export interface LaneLine {
  readonly known: KnownContexts;
  readonly decoder: Decoder;
  /** What is to be done next; undefined: the lane is to end. @param lingerMs how long that may be waited for */
  next(lingerMs: number): Promise<Task | undefined>;
  /** How long an association waits for its next task. @param asked transaction UIDs of requests on it */
  lingerMs(asked: ReadonlySet<string>): number;
  /** One that can be opened while the response to the last one is awaited: it is not being sent yet. */
  ahead(): JobProgress | undefined;
  /** It is the turn of what was taken ahead. False: it is not to be sent any more, or not here. */
  turns(progress: JobProgress): boolean;
  /** There is an association. */
  reached(): void;
  /** The peer may still report on one of these requests, and on this association only. */
  awaits(asked: ReadonlySet<string>): boolean;
  /** There is none, and the object that was to be sent is given back. */
  unreachable(progress: JobProgress, reason: string, isConfiguration: boolean): void;
  tried(progress: JobProgress, attempt: Attempt): void;
  /** A request for storage commitment could not be made, as there is no association. */
  notAsked(request: CommitmentRequest, reason: string, isConfiguration: boolean): void;
  asked(request: CommitmentRequest, outcome: OperationOutcome): void;
  /** An association has ended. @param asked transaction UIDs of requests on it @param why in words */
  ended(asked: ReadonlySet<string>, why: string): void;
  /** The peer says what it has stored. False: nobody waits for that. */
  report(report: CommitmentReport): boolean;
  /** The peer has been told that what it said was of no use. */
  reportRefused(text: string): void;
}

const TOO_LATE = 'the peer has not answered in time for who waits for the outcome';

/** Of one that was cancelled while it was being opened. */
const NOT_WANTED: Attempt = { verdict: { kind: 'again' }, counts: false, failure: 'unreachable', text: '' };

/** An object whose turn it is, or is next. */
interface Turn {
  progress: JobProgress;
  opening: Promise<{ object: OutgoingObject } | { error: unknown }>;
}

/** One association after the other to a peer, and one object after the other on each. */
export class Lane {
  private association: ScuAssociation | undefined;
  private proposal: Proposal | undefined;
  /** On this association. */
  private sent = 0;
  /** Transaction UIDs of requests on this association. */
  private asked = new Set<string>();
  private readonly stopping = new AbortController();
  /** What is sent as soon as the response to the last one is there. */
  private ahead: Turn | undefined;

  constructor(
    private readonly config: PeerConfig,
    private readonly line: LaneLine,
  ) {}

  get isAssociated(): boolean {
    return this.association?.isOpen === true;
  }

  /** Resolves when nothing is left to be sent, or the peer cannot be reached; then its association has ended. */
  async run(): Promise<void> {
    for (;;) {
      const turn = await this.takeAhead();
      if (turn !== undefined) {
        await this.attempt(turn);
        continue;
      }
      const task = await this.line.next(this.isAssociated ? this.line.lingerMs(this.asked) : 0);
      if (task === undefined) break;
      if (task.kind === 'send') await this.attempt(turnOf(task.progress));
      if (task.kind === 'ask') await this.ask(task.request);
    }
    await this.release();
  }

  /** Ends an attempt to connect, and an object that is being sent. */
  abort(text: string): void {
    this.stopping.abort();
    this.association?.abort(text);
  }

  private openAhead(): void {
    const progress = this.line.ahead();
    this.ahead = progress && turnOf(progress);
  }

  /** Undefined: nothing was opened ahead that is to be sent now. */
  private async takeAhead(): Promise<Turn | undefined> {
    const { ahead } = this;
    this.ahead = undefined;
    if (ahead === undefined || this.line.turns(ahead.progress)) return ahead;
    const opened = await ahead.opening;
    if ('object' in opened) await opened.object.close();
    return undefined;
  }

  private async attempt({ progress, opening }: Turn): Promise<void> {
    const { job } = progress;
    const opened = await opening;
    if ('error' in opened) {
      this.line.tried(progress, notRead(opened.error));
      return;
    }
    const { object } = opened;
    try {
      if (progress.isCancelled) {
        this.line.tried(progress, NOT_WANTED);
        return;
      }
      const association = await this.associationFor(progress, object);
      if (association === undefined) return;
      const abort = (): void => association.abort(TOO_LATE);
      progress.cut?.signal.addEventListener('abort', abort);
      this.line.tried(progress, await this.send(association, object, job.isChanged));
      progress.cut?.signal.removeEventListener('abort', abort);
    } finally {
      await object.close();
    }
  }

  /** Undefined: there is none, and the line knows. */
  private async associationFor(
    progress: JobProgress,
    object: OutgoingObject,
  ): Promise<ScuAssociation | undefined> {
    const current = this.usable(object);
    if (current !== undefined) return current;
    this.line.known.add(object);
    const cut = progress.cut?.signal;
    const opened = await this.open(cut);
    if (opened.outcome === 'opened') return opened.association;
    const reason = cut?.aborted === true ? TOO_LATE : openText(opened);
    this.line.unreachable(progress, reason, isConfiguration(opened));
    return undefined;
  }

  private async ask(request: CommitmentRequest): Promise<void> {
    const { association: current } = this;
    const opened: OpenOutcome =
      current?.isOpen === true ? { outcome: 'opened', association: current } : await this.open();
    if (opened.outcome !== 'opened') {
      this.line.notAsked(request, openText(opened), isConfiguration(opened));
      return;
    }
    const { association } = opened;
    const contextId = commitmentContext(association);
    if (contextId === undefined) {
      this.line.asked(request, { outcome: 'notSent', text: NO_COMMITMENT });
      return;
    }
    this.asked.add(request.transactionUID);
    this.line.asked(request, await association.requestCommitment({ contextId, ...request }));
  }

  /** The association that there is, if the object can go on it. */
  private usable(object: OutgoingObject): ScuAssociation | undefined {
    const { association, proposal } = this;
    const { objectsPerAssociation: most } = this.config.settings;
    // Not while the peer is to report on it.
    const isUsedUp = most > 0 && this.sent >= most && !this.line.awaits(this.asked);
    const fits = proposal !== undefined && isProposed(proposal, object);
    return association?.isOpen === true && fits && !isUsedUp ? association : undefined;
  }

  /** Opens another association. @param cut ends that, too */
  private async open(cut?: AbortSignal): Promise<OpenOutcome> {
    await this.release();
    const { settings } = this.config;
    this.sent = 0;
    const asked = new Set<string>();
    this.asked = asked;
    this.proposal = this.line.known.plan();
    const opened = await ScuAssociation.open(scuTarget(this.config), this.proposal.contexts, settings, {
      signal: cut === undefined ? this.stopping.signal : AbortSignal.any([this.stopping.signal, cut]),
      ...(settings.commit === 'require' && { commitments: this.commitments }),
    });
    if (opened.outcome !== 'opened') return opened;
    this.association = opened.association;
    if (settings.commit === 'require')
      void opened.association.ended.then(({ text }) => this.line.ended(asked, text));
    this.line.reached();
    return opened;
  }

  private readonly commitments: CommitmentUser = {
    reported: (report) => {
      if (this.line.report(report)) return Promise.resolve();
      return Promise.reject(new Error('no request of its transaction UID is open'));
    },
    // The peer hears of it in the response; what we wait for goes on.
    failed: (error) => this.line.reportRefused(asError(error).message),
  };

  private async send(
    association: ScuAssociation,
    object: OutgoingObject,
    isChanged: boolean,
  ): Promise<Attempt> {
    const { commit, sendAs } = this.config.settings;
    if (commit === 'require' && commitmentContext(association) === undefined)
      return notAccepted(NO_COMMITMENT);
    const chosen = chooseContext(association.contexts, this.line.known.add(object));
    if (chosen === undefined) return notAccepted(notAcceptedText(object));
    const { sopClassUID, sopInstanceUID } = object;
    const { contextId, transferSyntaxUID } = chosen;
    const mayLose = sendAs === 'lossy';
    let dataSet: DataSetSource;
    try {
      dataSet = await preparedDataSet(object, chosen, mayLose, this.line.decoder);
    } catch (error) {
      return error instanceof DicomError && error.code === 'cannot-recode'
        ? notAccepted(notAcceptedText(object, error.message))
        : notRead(error);
    }
    this.sent += 1;
    const sent = (): void => this.openAhead();
    const outcome = await association.store({ sopClassUID, sopInstanceUID, contextId, dataSet, sent });
    const { warnings } = object;
    const instance = { sopClassUID, sopInstanceUID };
    return { ...attemptOf(outcome, isChanged), transferSyntaxUID, instance, ...(warnings && { warnings }) };
  }

  private async release(): Promise<void> {
    const { association } = this;
    this.association = undefined;
    if (association?.isOpen === true) await association.release();
  }
}

function turnOf(progress: JobProgress): Turn {
  const opening = progress.job.open().then(
    (object) => ({ object }),
    (error: unknown) => ({ error }),
  );
  return { progress, opening };
}

function attemptOf(outcome: OperationOutcome, isChanged: boolean): Attempt {
  switch (outcome.outcome) {
    case 'answered': {
      const { status, errorComment } = outcome;
      return { ...answeredAttempt(status, isChanged), ...(errorComment !== undefined && { errorComment }) };
    }
    case 'unknown':
      return { verdict: { kind: 'again' }, counts: true, failure: 'unreachable', text: outcome.text };
    case 'notSent':
      if (outcome.error !== undefined) return notRead(outcome.error);
      return { verdict: { kind: 'again' }, counts: true, failure: 'unreachable', text: outcome.text };
  }
}

const NO_COMMITMENT = 'the peer does not offer Storage Commitment, which its settings require';

/** The id of the context for storage commitment; undefined: it is not accepted. */
function commitmentContext({ contexts }: ScuAssociation): number | undefined {
  const found = [...contexts].find(
    ([, { abstractSyntax }]) => abstractSyntax === COMMITMENT_CONTEXT.abstractSyntax,
  );
  return found?.[0];
}

/** What is busy now can be read later; everything else stays as it is. */
function notRead(error: unknown): Attempt {
  const kind = isForNow(error) ? 'again' : 'final';
  return { verdict: { kind }, counts: false, failure: failureOfReading(error), text: loggableReason(error) };
}

function notAccepted(text: string): Attempt {
  return { verdict: { kind: 'final' }, counts: false, failure: 'notAccepted', text };
}
