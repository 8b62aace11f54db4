import { loggableReason, soManyAtATime } from '../../../src/basics';
import type { SendOutcome } from '../../../src/sender';
import { isUnheard } from '../../../src/worker';
import type { ListedInstance, ObjectMessage } from '../../runtime/objects';
import { OutFailed } from './out-error';
import { failureOf } from './outcome-facts';

/** What a list wants of its node. `Prepared`: an object that the node has taken on. */
export interface ListNode<Prepared> {
  isClosed(): boolean;
  /** Takes the object of a message on. @throws OutFailed; what a queue that cannot be asked throws */
  prepare(message: ObjectMessage): Promise<Prepared>;
  /**
   * Sends it, or gives it back where the node is closed.
   * @param since the time from which on it is tried, on `performance.now()`'s clock
   * @param heard called with what has become of it, before its queue hears; not called: the node is closed
   * @returns why that is not all right; undefined: it is
   */
  deliver(
    prepared: Prepared,
    since: number,
    heard: (id: string, outcome: SendOutcome) => void,
  ): Promise<OutFailed | undefined>;
  /** What became of an instance, as `msg.dicom` of a message that has it alone. */
  facts(id: string, outcome: SendOutcome): { sent?: unknown; stored?: unknown };
  error(failed: OutFailed): { message: string; code: string };
  /** It could not be taken on; told of by `failed`, too. */
  notBegun(message: ObjectMessage, failed: OutFailed): void;
  /** It could not be sent. */
  failed(message: ObjectMessage, failed: OutFailed): void;
}

/** Of all instances of a list. */
export interface ListTotals {
  instances: number;
  /** Sent, or stored. */
  done: number;
  warnings: number;
  failed: number;
  attempts: number;
  milliseconds: number;
}

/** Asked for at a time. */
const ASKED = 64;
/** Sent or stored at a time: more than any peer has associations would only wait elsewhere. */
const SENT = 64;

/** Sends the instances of one list, and puts the outcome of each into the list. */
export class ListSending<Prepared> {
  /** The first failure, of which the error of the list tells. */
  firstFailure: OutFailed | undefined;
  /** Sent, and their queues have not heard of it. */
  notAcknowledged = 0;
  /** Not sent, and their queues have not heard of it: they are neither acknowledged nor dead letters. */
  readonly unheard: ObjectMessage[] = [];
  private readonly began = performance.now();
  /** Since when nothing has got through. */
  private since = this.began;
  private done = 0;
  private warnings = 0;
  private failures = 0;
  private attempts = 0;
  private begun = 0;

  constructor(
    private readonly node: ListNode<Prepared>,
    private readonly instances: readonly ListedInstance[],
  ) {}

  get totals(): ListTotals {
    return {
      instances: this.instances.length,
      done: this.done,
      warnings: this.warnings,
      failed: this.failures,
      attempts: this.attempts,
      milliseconds: Math.round(performance.now() - this.began),
    };
  }

  /** Those whose turn has not come. */
  get notBegun(): number {
    return this.instances.length - this.begun;
  }

  /** Each instance has been sent, or has failed. */
  get isFinal(): boolean {
    return this.done + this.failures === this.instances.length;
  }

  /** Resolves when all are final, or the node is closed and what is undecided has gone back. */
  async run(): Promise<void> {
    for (const { entry } of this.instances) {
      delete entry.sent;
      delete entry.stored;
      delete entry.error;
    }
    // All of them first, so that none comes again, or goes, before its turn.
    const taken = new Map<ListedInstance, Prepared>();
    await soManyAtATime(ASKED, this.instances, async (instance) => {
      if (this.node.isClosed()) return;
      try {
        taken.set(instance, await this.node.prepare(instance.message));
      } catch (error) {
        this.begun += 1;
        if (isUnheard(error)) this.unheard.push(instance.message);
        const failed = asFailure(error);
        this.node.notBegun(instance.message, failed);
        this.fail(instance, failed);
      }
    });
    const inOrder = this.instances.filter((instance) => taken.has(instance));
    await soManyAtATime(SENT, inOrder, (instance) => this.send(instance, taken.get(instance) as Prepared));
  }

  private async send(instance: ListedInstance, prepared: Prepared): Promise<void> {
    const { message, entry } = instance;
    this.begun += 1;
    let outcome: SendOutcome | undefined;
    const heard = (id: string, became: SendOutcome): void => {
      outcome = became;
      const facts = this.node.facts(id, became);
      Object.assign(entry, facts);
      message.dicom = { ...message.dicom, ...facts };
      this.attempts += became.attempts;
      if (became.kind === 'failed') {
        this.fail(instance, failureOf(became));
        return;
      }
      this.since = performance.now();
      this.done += 1;
      if (became.warning === true) this.warnings += 1;
    };
    let failed: OutFailed | undefined;
    try {
      failed = await this.node.deliver(prepared, this.since, heard);
    } catch (error) {
      failed = asFailure(error);
    }
    if (outcome === undefined && this.node.isClosed()) return;
    if (failed === undefined) return;
    if (outcome?.kind === 'failed') {
      // Of it has been told.
      if (failed.failure === 'acknowledgeFailed') this.unheard.push(message);
    } else if (outcome?.kind === 'sent') {
      entry.error = this.node.error(failed);
      this.notAcknowledged += 1;
    } else this.fail(instance, failed);
  }

  private fail({ entry, message }: ListedInstance, failed: OutFailed): void {
    this.failures += 1;
    this.firstFailure ??= failed;
    entry.error = this.node.error(failed);
    this.node.failed(message, failed);
  }
}

/** What has been thrown, as why an instance is not sent. */
function asFailure(error: unknown): OutFailed {
  if (error instanceof OutFailed) return error;
  if (isUnheard(error)) return new OutFailed('objectGone');
  return new OutFailed('notRead', { reason: loggableReason(error) });
}
