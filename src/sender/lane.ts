import { asError } from '../basics';
import { DicomError } from '../dicom';
import {
  chooseContext,
  type DataSetSource,
  ScuAssociation,
  type OpenOutcome,
  type OperationOutcome,
} from '../network';
import type { OutgoingObject } from '../object';
import { QueueBusy } from '../queue';
import type { Decoder } from '../transcode';
import { RequestTimedOut, WorkerNotRunning } from '../worker';
import { isProposed, type KnownContexts, type Proposal } from './known-contexts';
import { isConfiguration, openText, statusText } from './peer-words';
import type { PeerConfig } from './peer-config';
import { type Attempt, failureOfReading, type JobProgress } from './send-job';
import { preparedDataSet } from './prepared';
import { verdictOfStatus } from './verdict';

/** What a lane wants of its line. */
export interface LaneLine {
  readonly known: KnownContexts;
  readonly decoder: Decoder;
  /** The next object to be sent; undefined: the lane is to end. @param lingerMs how long one may be waited for */
  next(lingerMs: number): Promise<JobProgress | undefined>;
  /** There is an association. */
  reached(): void;
  /** There is none, and the object that was to be sent is given back. */
  unreachable(progress: JobProgress, reason: string, isConfiguration: boolean): void;
  tried(progress: JobProgress, attempt: Attempt): void;
}

/** One association after the other to a peer, and one object after the other on each. */
export class Lane {
  private association: ScuAssociation | undefined;
  private proposal: Proposal | undefined;
  /** On this association. */
  private sent = 0;
  private readonly stopping = new AbortController();

  constructor(
    private readonly config: PeerConfig,
    private readonly line: LaneLine,
  ) {}

  get isAssociated(): boolean {
    return this.association?.isOpen === true;
  }

  /** Resolves when nothing is left to be sent, or the peer cannot be reached; then its association has ended. */
  async run(): Promise<void> {
    const lingerMs = this.config.settings.lingerSeconds * 1_000;
    for (;;) {
      const progress = await this.line.next(this.isAssociated ? lingerMs : 0);
      if (progress === undefined) break;
      await this.attempt(progress);
    }
    await this.release();
  }

  /** Ends an attempt to connect, and an object that is being sent. */
  abort(text: string): void {
    this.stopping.abort();
    this.association?.abort(text);
  }

  private async attempt(progress: JobProgress): Promise<void> {
    const { job } = progress;
    let object: OutgoingObject;
    try {
      object = await job.open();
    } catch (error) {
      this.line.tried(progress, notRead(error));
      return;
    }
    try {
      const association = await this.associationFor(progress, object);
      if (association === undefined) return;
      this.line.tried(progress, await this.send(association, object, job.isChanged));
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
    await this.release();
    const opened = await this.open(object);
    if (opened.outcome !== 'opened') {
      this.line.unreachable(progress, openText(opened), isConfiguration(opened));
      return undefined;
    }
    this.association = opened.association;
    this.line.reached();
    return this.association;
  }

  /** The association that there is, if the object can go on it. */
  private usable(object: OutgoingObject): ScuAssociation | undefined {
    const { association, proposal } = this;
    const { objectsPerAssociation: most } = this.config.settings;
    const isUsedUp = most > 0 && this.sent >= most;
    const fits = proposal !== undefined && isProposed(proposal, object);
    return association?.isOpen === true && fits && !isUsedUp ? association : undefined;
  }

  private async open(object: OutgoingObject): Promise<OpenOutcome> {
    const { settings, tls, userIdentity } = this.config;
    const { host, port, callingAET, calledAET } = settings;
    const target = {
      host,
      port,
      callingAET,
      calledAET,
      ...(tls && { tls }),
      ...(userIdentity && { userIdentity }),
    };
    this.sent = 0;
    this.line.known.add(object);
    this.proposal = this.line.known.plan();
    return ScuAssociation.open(target, this.proposal.contexts, settings, { signal: this.stopping.signal });
  }

  private async send(
    association: ScuAssociation,
    object: OutgoingObject,
    isChanged: boolean,
  ): Promise<Attempt> {
    const chosen = chooseContext(association.contexts, this.line.known.add(object));
    if (chosen === undefined) return notAccepted();
    const { sopClassUID, sopInstanceUID } = object;
    const { contextId, transferSyntaxUID } = chosen;
    const mayLose = this.config.settings.sendAs === 'lossy';
    let dataSet: DataSetSource;
    try {
      dataSet = await preparedDataSet(object, chosen, mayLose, this.line.decoder);
    } catch (error) {
      return error instanceof DicomError && error.code === 'cannot-recode'
        ? notAccepted(`, and it cannot be converted: ${error.message}`)
        : notRead(error);
    }
    this.sent += 1;
    const outcome = await association.store({ sopClassUID, sopInstanceUID, contextId, dataSet });
    const { warnings } = object;
    return { ...attemptOf(outcome, isChanged), transferSyntaxUID, ...(warnings && { warnings }) };
  }

  private async release(): Promise<void> {
    const { association } = this;
    this.association = undefined;
    if (association?.isOpen === true) await association.release();
  }
}

function attemptOf(outcome: OperationOutcome, isChanged: boolean): Attempt {
  switch (outcome.outcome) {
    case 'answered': {
      const { status, errorComment } = outcome;
      return {
        verdict: verdictOfStatus(status, isChanged),
        counts: true,
        failure: 'refused',
        text: statusText(status),
        status,
        ...(errorComment !== undefined && { errorComment }),
      };
    }
    case 'unknown':
      return { verdict: { kind: 'again' }, counts: true, failure: 'unreachable', text: outcome.text };
    case 'notSent':
      if (outcome.error !== undefined) return notRead(outcome.error);
      return { verdict: { kind: 'again' }, counts: true, failure: 'unreachable', text: outcome.text };
  }
}

/** What is busy now can be read later; everything else stays as it is. */
function notRead(error: unknown): Attempt {
  const isForNow = [QueueBusy, WorkerNotRunning, RequestTimedOut].some((kind) => error instanceof kind);
  const kind = isForNow ? 'again' : 'final';
  return { verdict: { kind }, counts: false, failure: failureOfReading(error), text: asError(error).message };
}

function notAccepted(why = ' nor one into which it may be converted'): Attempt {
  return {
    verdict: { kind: 'final' },
    counts: false,
    failure: 'notAccepted',
    text: `the other side does not accept its transfer syntax${why}`,
  };
}
