import type { Socket } from 'node:net';
import { Deadline, printable } from '../../basics';
import { uidName } from '../../dicom';
import { type Outcome, Performer, type PerformingAssociation } from '../dimse';
import {
  type Abort,
  AbortReason,
  acceptedContexts,
  type AcceptedContext,
  Acceptor,
  type AcceptorUser,
  type AssociateRequest,
  type AssociationFacts,
  factsOf,
  type PdvFragment,
  ProtocolError,
} from '../upper-layer';
import type { AssociationContext } from './association-context';
import { decideAssociation } from './association-policy';
import { AssociationReport } from './association-report';

/** Somebody waits for each response to be sent, and less long than for a worker. */
const MOST_WRITE_SECONDS = 45;
const STOPS = 'the receiver stops';
/** As many as an operator reads in a log line. */
const SERVICES_NAMED = 3;

/** One connection that asks us for an association: who is let in, what is performed, and what is reported. */
export class Association implements AcceptorUser, PerformingAssociation {
  readonly facts: AssociationFacts;
  private readonly layer: Acceptor;
  private readonly performer: Performer;
  private readonly tell: AssociationReport;
  private contexts: ReadonlyMap<number, AcceptedContext> = new Map();
  /** What the peer asked for, where none of it is offered; it then hardly says why it goes. */
  private notOffered: string | undefined;
  private stopping = false;

  constructor(
    socket: Socket,
    private readonly context: AssociationContext,
  ) {
    this.facts = factsOf(socket, context.remote, context.tls);
    this.tell = new AssociationReport(this.facts, (event) => context.report(event));
    this.performer = new Performer(this, context.services);
    this.layer = new Acceptor(socket, this, context.limits, context.requests);
  }

  /** True while it counts against the limit of concurrent associations. */
  get isOpen(): boolean {
    return this.layer.isOpen;
  }

  /** Ends it as soon as no object is under way: for shutdown. */
  stop(): void {
    this.stopping = true;
    if (!this.isOpen) this.layer.end();
    else if (!this.isBusy) this.abort();
  }

  private get isBusy(): boolean {
    return this.performer.isReceiving || this.performer.isMatching || this.layer.isWorking;
  }

  /** Ends it now; an object under way is not kept. */
  kill(): void {
    if (this.isOpen) this.abort();
    else this.layer.close();
  }

  private abort(): void {
    this.layer.abort(STOPS);
    this.layer.end();
  }

  // What the upper layer tells

  requested(request: AssociateRequest): void {
    this.facts.callingAET = request.callingAET;
    this.facts.calledAET = request.calledAET;
    const decision = decideAssociation(request, this.context.policy, this.context.openAssociations());
    if (decision.accepted) {
      this.contexts = acceptedContexts(decision.contexts);
      if (this.contexts.size === 0) this.notOffered = servicesOf(request);
      this.layer.accept(request, decision.contexts);
      this.tell.accepted();
    } else {
      this.layer.reject(decision.rejection);
      this.tell.rejected(decision.rejection);
    }
  }

  notRequested(): void {
    this.tell.refused(`no A-ASSOCIATE-RQ within ${this.context.limits.associationTimeoutSeconds} s`);
  }

  data(fragment: PdvFragment): void {
    const context = this.contexts.get(fragment.contextId);
    if (context === undefined) {
      const text = `presentation context ${fragment.contextId} was not accepted`;
      throw new ProtocolError(AbortReason.invalidParameter, text);
    }
    this.performer.take(fragment, context);
  }

  releaseRequested(): void {
    if (!this.performer.isReceiving) return;
    throw new ProtocolError(
      AbortReason.unexpectedPdu,
      'the peer sent A-RELEASE-RQ in the middle of a message',
    );
  }

  released(): void {
    this.tell.released();
  }

  aborted(abort: Abort): void {
    const isLoss = abort.by === 'peer' && this.performer.isReceiving;
    const text = isLoss ? `${abort.text} in the middle of an object, which is not kept` : abort.text;
    const why =
      this.notOffered === undefined ? '' : `; nothing that it asked for is accepted here: ${this.notOffered}`;
    this.tell.aborted({ ...abort, text: `${text}${why}` });
  }

  ended(): void {
    this.performer.drop();
  }

  // What the performer asks for

  respond(contextId: number, command: Buffer): void {
    this.layer.sendCommand(contextId, command);
  }

  respondWith(contextId: number, command: Buffer, dataSet: Buffer): Promise<void> | undefined {
    const written = this.layer.sendMessage(contextId, command, dataSet);
    if (written === undefined) return undefined;
    const seconds = Math.min(
      this.context.limits.idleTimeoutSeconds || MOST_WRITE_SECONDS,
      MOST_WRITE_SECONDS,
    );
    // Not the timer of the connection: what the peer sends meanwhile does not count.
    const late = new Deadline();
    late.start(seconds * 1_000, () => this.layer.abort(`the peer took no response for ${seconds} s`));
    return written.then(() => late.stop());
  }

  hold(promise: Promise<void>): void {
    this.layer.hold(promise);
  }

  serve(promise: Promise<void>): void {
    this.layer.serve(promise);
  }

  performed(outcome: Outcome): void {
    this.tell.performed(outcome);
    if (this.stopping && this.isOpen) this.abort();
  }
}

function servicesOf({ contexts }: AssociateRequest): string {
  const names = [...new Set(contexts.map(({ abstractSyntax: uid }) => uidName(uid) ?? printable(uid)))];
  const named = names.slice(0, SERVICES_NAMED).join(', ');
  return names.length > SERVICES_NAMED ? `${named} and ${names.length - SERVICES_NAMED} more` : named;
}
