import type { Node, NodeAPI } from 'node-red';
import { asError, inTime } from '../../src/basics';
import { DicomError } from '../../src/dicom';
import type { EditFailure } from '../../src/edit';
import type { Problem } from '../../src/settings';
import { isUnheard } from '../../src/worker';
import { despiteOthers } from './edit-worker';
import { beginWork, givenObject, type MessageObject, type ObjectMessage, tellNotWorkedOn } from './objects';
import { InOrder } from './in-order';
import { errorTexts, nodeTexts, type Text } from './node-texts';
import { NodeFailed, type CodedError, type NodeErrors } from './node-errors';
import { onInput } from './on-input';
import { runNode } from './run-node';
import { tellUncaused, warnOfSettings } from './tell';

type Send = (message: ObjectMessage) => void;
type Done = (error?: Error) => void;

/** Why a message is not worked on, in all nodes of this kind. */
export type WorkFailure = 'settingsInvalid' | 'objectGone' | 'notChanged' | 'busy' | 'stopped';

/** Messages that may wait. What comes beyond fails, so that memory is bounded. */
const MOST_WAITING = 1_000;

/** For what is at work when the node closes, to end. Node-RED gives a node 15 s. */
const CLOSE_MS = 8_000;

/** A worker that several nodes use. */
interface SharedWorker {
  addUser(user: object): void;
  /** Resolves when it is gone, where nobody else uses it. */
  removeUser(user: object): Promise<void>;
}

/** What tells one type of these nodes from another. */
export interface WorkKind<Failure extends string> {
  readonly type: string;
  readonly errors: NodeErrors<Failure | WorkFailure>;
  readonly worker: (RED: NodeAPI) => SharedWorker;
  /**
   * What it makes goes on as the object of the message: that stays for the nodes behind, its queue hears why there is none, and
   * what is at work is finished as the node closes. Otherwise nobody behind needs the object.
   */
  readonly makesObject: boolean;
  /** Messages that are worked on at a time. */
  readonly atATime: number;
  /** Why a message fails when the worker, or a queue, does not answer. */
  readonly unheard: Failure | WorkFailure;
  /** By the codes of what the worker says. */
  readonly failures: Readonly<Record<string, Failure | WorkFailure>>;
}

/**
 * A deployed node that has a worker make something of each message: messages go on in the order in which they came, and one
 * that fails stays as it was.
 */
export abstract class WorkerNode<Failure extends string, Result> {
  protected readonly text: Text;
  protected isClosed = false;
  private readonly order: InOrder;

  constructor(
    protected readonly RED: NodeAPI,
    protected readonly node: Node,
    private readonly kind: WorkKind<Failure>,
    /** Of its settings. */
    private readonly problems: readonly Problem[],
  ) {
    this.text = nodeTexts(RED, kind.type);
    this.order = new InOrder(kind.atATime, (error) => node.error(error.message));
  }

  /** Why it does nothing; undefined: the settings let it run. */
  protected abstract readonly invalid: NodeFailed<Failure | WorkFailure> | undefined;

  /** What a message becomes. @throws NodeFailed; DicomError; what a worker or queue that cannot be asked throws */
  protected abstract resultOf(message: ObjectMessage): Promise<Result>;

  /** Puts the result into the message. */
  protected abstract change(message: ObjectMessage, result: Result): void;

  /** Registers it, and takes messages until it closes. */
  run(): void {
    runNode(this.RED, this.node, this, {
      started: () => this.flowsStarted(),
      close: () => this.close(),
    });
    this.kind.worker(this.RED).addUser(this);
    onInput(this.node, (message, send, done) => this.take(message, send, done));
    if (this.invalid === undefined) this.node.status({});
    else this.node.status({ fill: 'red', shape: 'ring', text: this.text('status.settings') });
  }

  /** What is wrong with its settings, each as words. */
  protected settingsProblems(): string[] {
    return errorTexts(this.text, this.problems);
  }

  /** Opens an object for the worker. @throws NodeFailed where its queue does not have it; DicomError where the pending changes are none */
  protected async opened(object: MessageObject, message: ObjectMessage): ReturnType<typeof givenObject> {
    try {
      return await givenObject(object, message);
    } catch (error) {
      if (error instanceof DicomError) throw error;
      throw new NodeFailed<WorkFailure>('objectGone', { reason: asError(error).message });
    }
  }

  /** What the worker says, as the node tells of it. */
  protected failureOf(
    { failure: { code, text } }: EditFailure,
    otherwise: Failure | WorkFailure,
  ): NodeFailed<Failure | WorkFailure> {
    const failed = this.kind.failures[code] ?? otherwise;
    // Words of what writes files name the file; of the system's errors, the worker tells the code only.
    const isAboutFile = code === 'not-placed' || code === 'name-refused';
    return new NodeFailed(failed, { reason: text }, isAboutFile ? code : text);
  }

  private flowsStarted(): void {
    warnOfSettings(this.node, this.text, this.problems);
    if (this.invalid !== undefined) tellUncaused(this.node, this.error(this.invalid));
  }

  private take(message: ObjectMessage, send: Send, done: Done): void {
    if (this.order.size >= MOST_WAITING) {
      done(this.error(new NodeFailed('busy', { max: MOST_WAITING })));
      return;
    }
    const workEnds = beginWork(message);
    this.order.add(
      () => this.worked(message),
      (outcome) => {
        workEnds(this.kind.makesObject && outcome.status === 'fulfilled');
        try {
          if (outcome.status === 'rejected') throw outcome.reason;
          // Nothing of it before: what fails leaves the message as it was.
          this.change(message, outcome.value);
        } catch (error) {
          this.failed(message, this.failedOf(error));
          done(this.errorOf(error));
          return;
        }
        send(message);
        done();
      },
    );
  }

  private async worked(message: ObjectMessage): Promise<Result> {
    if (this.invalid !== undefined) throw this.invalid;
    if (this.isClosed) throw new NodeFailed<WorkFailure>('stopped');
    return despiteOthers(() => this.resultOf(message));
  }

  /** Its queue is told why, so that a dead letter can say it. */
  private failed(message: ObjectMessage, failed: NodeFailed<Failure | WorkFailure> | undefined): void {
    if (failed === undefined || !this.kind.makesObject) return;
    const { code, message: words } = this.error(failed.discreet);
    tellNotWorkedOn(message, `${code}: ${words}`).catch((error: unknown) =>
      this.node.error(asError(error).message),
    );
  }

  /** Undefined: it is none that a node of this kind expects. */
  private failedOf(reason: unknown): NodeFailed<Failure | WorkFailure> | undefined {
    if (reason instanceof NodeFailed) return reason as NodeFailed<Failure>;
    if (isUnheard(reason)) return new NodeFailed(this.kind.unheard, { reason: asError(reason).message });
    if (reason instanceof DicomError) return new NodeFailed('notChanged', { reason: reason.message });
    return undefined;
  }

  protected errorOf(reason: unknown): Error {
    const failed = this.failedOf(reason);
    return failed === undefined ? asError(reason) : this.error(failed);
  }

  private error(failed: NodeFailed<Failure | WorkFailure>): CodedError {
    return this.kind.errors.errorOf(this.text, failed);
  }

  private async close(): Promise<void> {
    this.isClosed = true;
    const { order, kind } = this;
    if (kind.makesObject) await inTime(order.idle, CLOSE_MS);
    await kind.worker(this.RED).removeUser(this);
    if (!kind.makesObject) await inTime(order.idle, CLOSE_MS);
  }
}
