import { asError } from '../basics';
import { hexStatus, ScuAssociation, type OpenOutcome, type OperationOutcome } from '../network';
import { ObjectUnavailable, type OutgoingObject } from '../object';
import { QueueBusy } from '../queue';
import { KnownContexts, type ContextChoice } from './contexts';
import { rejectionText } from './peer-words';
import type { PeerConfig } from './peer-config';
import type { Attempt, JobProgress } from './send-job';
import { verdictOfStatus } from './verdict';

/** What a lane wants of its line. */
export interface LaneLine {
  readonly known: KnownContexts;
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
    const { objectsPerAssociation: most } = this.config.settings;
    const isUsedUp = most > 0 && this.sent >= most;
    if (this.association?.isOpen && !isUsedUp && this.proposed?.has(object)) return this.association;
    await this.release();
    const opened = await this.open(object);
    if (opened.outcome === 'opened') {
      this.association = opened.association;
      this.line.reached();
      return this.association;
    }
    const isConfiguration = opened.outcome === 'rejected' && opened.result === PERMANENT;
    this.line.unreachable(progress, openText(opened), isConfiguration);
    return undefined;
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
    this.contexts = this.line.known.propose(object, settings.sendAs);
    return ScuAssociation.open(target, this.contexts.proposed, settings, this.stopping.signal);
  }

  private async send(
    association: ScuAssociation,
    object: OutgoingObject,
    isChanged: boolean,
  ): Promise<Attempt> {
    const contextId = this.contexts.choose(association.contexts, object);
    if (contextId === undefined) return notAccepted(object);
    this.sent += 1;
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = object;
    const dataSet = object.dataSet();
    const outcome = await association.store({ sopClassUID, sopInstanceUID, contextId, dataSet });
    return { ...attemptOf(outcome, isChanged), transferSyntaxUID };
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
  const kind = error instanceof QueueBusy ? 'again' : 'final';
  return { verdict: { kind }, counts: false, failure: 'notRead', text: asError(error).message };
}
