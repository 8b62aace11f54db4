import type { MessagePort } from 'node:worker_threads';
import type { NodeAPI } from 'node-red';
import type { QueueHost } from '../../../src/delivery';
import { type CommandStatus, isLoss } from '../../../src/network';
import type { OpenedObject } from '../../../src/queue';
import { isUnheard, unlessUnheard, WorkerNotRunning } from '../../../src/worker';
import { deployedNodes } from '../deployed-nodes';
import { existingNodes } from '../existing-nodes';
import { queueNameOf, type ObjectMessage } from './message-object';
import { nobodyAtWork, objectKey, takenOn } from './objects-at-work';
import { queueName, type QueueName, QueueOwner } from '../queues';

/** An object that a node is at work on, in the queue through which it came. */
export interface HeldObject {
  /** Its sender waits for its answer so long from its receipt on; undefined: it has been answered. */
  readonly answersWithinSeconds: number | undefined;
  /** For a reader at the other end of the port. @throws an Error with words for an operator */
  open(port: MessagePort): Promise<OpenedObject>;
  /**
   * The node is done with it. Once all nodes that hold it are, it is acknowledged, or with a failure becomes a dead letter.
   * @param status what the node has to say to that; undefined: nothing, the flow acknowledges it itself
   * @param gone called once the object does not come again for what nodes do with it
   * @throws NotAcknowledged
   */
  done(status: CommandStatus | undefined, gone?: () => void): Promise<void>;
  /** The node gives it back: it is delivered again, and nothing is counted, once all nodes that hold it are done with it. */
  giveBack(): Promise<void>;
  /** The node closes: it is delivered again, and nothing is counted, once there is a node again to which that can go. */
  leave(): Promise<void>;
}

/** The queue has not taken what a node said of an object: it may be delivered again. */
export class NotAcknowledged extends Error {
  override readonly name = 'NotAcknowledged';
}

const EXTEND_MS = 20_000;
/** An object that a node holds does not come again for so long, even if the flow is given less time to acknowledge one. */
const HELD_MS = 3 * EXTEND_MS;

/**
 * Takes an object on for a node: one that the flow is to acknowledge stays in flight, which is the brake of its queue; one that
 * the flow got without acknowledgement is parked.
 * @param queueId of the message; its acknowledge id will do where it is not to be opened
 * @param owner as `ObjectQueue.park` wants it; another one for each object that is held
 * @returns undefined when the queue does not have it any more
 * @throws WorkerNotRunning, RequestTimedOut
 */
export async function holdObject(queueId: string, owner: string): Promise<HeldObject | undefined> {
  const name = queueName(queueId);
  if (name === undefined) return undefined;
  const queue = new QueueOf(name);
  // What nobody acknowledges is in flight for a moment only.
  const inFlight = queue.isAcknowledged ? await InFlight.hold(name, queue) : undefined;
  if (inFlight === undefined && !(await queue.ask('park', name.objectId, owner))) return undefined;
  takenOn(name);
  return inFlight ?? new Parked(queue, owner);
}

/**
 * The same for an object that is read elsewhere, such as a Buffer in the message, or one that was made of it. Undefined, too,
 * when nobody waits to hear what becomes of it.
 * @throws as `holdObject`
 */
export async function holdToAcknowledge(queueId: string, owner: string): Promise<HeldObject | undefined> {
  const name = queueName(queueId);
  if (name === undefined) return undefined;
  const { isAcknowledged, answersWithinSeconds } = new QueueOf(name);
  return isAcknowledged || answersWithinSeconds !== undefined ? holdObject(queueId, owner) : undefined;
}

/** The queue that an object lies in, as it is deployed now. */
class QueueOf {
  constructor(private readonly name: QueueName) {}

  get objectId(): string {
    return this.name.objectId;
  }

  get isAcknowledged(): boolean {
    return deployedNodes.get(this.name.nodeId, QueueOwner)?.isAcknowledged ?? false;
  }

  get answersWithinSeconds(): number | undefined {
    return deployedNodes.get(this.name.nodeId, QueueOwner)?.answersWithinSeconds;
  }

  /**
   * To be done with the object takes it away from those who are at work on it and have not taken it on. A sender that waits for the
   * answer does not wait for them.
   */
  async othersFirst(status: CommandStatus | undefined): Promise<void> {
    if (status !== undefined && this.answersWithinSeconds === undefined)
      await nobodyAtWork(objectKey(this.name));
  }

  get ask(): QueueHost['ask'] {
    const receiver = deployedNodes.get(this.name.nodeId, QueueOwner)?.receiver;
    if (receiver === undefined) throw new WorkerNotRunning('the dicom-in node of the object is not deployed');
    return receiver.ask.bind(receiver);
  }

  open(port: MessagePort): Promise<OpenedObject> {
    return this.ask('openObject', this.objectId, port);
  }
}

/**
 * An object in flight. Several nodes may be at work on it, as a message can go to several: it is acknowledged, or becomes a dead
 * letter, once the last one is done with it. Where one of them has given it back, or the process ends before that, it comes again
 * for all of them.
 */
class InFlight {
  private static readonly all = new Map<string, InFlight>();
  private static timer: NodeJS.Timeout | undefined;
  private readonly holders = new Set<object>();
  private readonly statuses: CommandStatus[] = [];
  private readonly whenGone: (() => void)[] = [];
  /** One of the nodes has given it back, and is to get it again. */
  private comesAgain = false;

  /** Undefined: it is not in flight. @throws as `holdObject` */
  static async hold(name: QueueName, queue: QueueOf): Promise<HeldObject | undefined> {
    const key = objectKey(name);
    const shared = InFlight.all.get(key) ?? new InFlight(key, queue);
    InFlight.all.set(key, shared);
    InFlight.timer ??= setInterval(() => InFlight.extendAll(), EXTEND_MS).unref();
    // Before it is asked for: what others say of the object meanwhile concerns this one, too.
    const holder = shared.newHolder(queue);
    let isInFlight = false;
    try {
      isInFlight = await queue.ask('extend', name.objectId, HELD_MS);
    } finally {
      if (!isInFlight) await shared.left(holder).catch(unlessNotTaken);
    }
    return isInFlight ? holder : undefined;
  }

  private static extendAll(): void {
    for (const { queue } of InFlight.all.values())
      // One that is not in flight any more is told of when a node is done with it.
      queue.ask('extend', queue.objectId, HELD_MS).catch(unlessUnheard);
  }

  private constructor(
    private readonly key: string,
    private readonly queue: QueueOf,
  ) {}

  /** @param queue with the name by which this holder knows the object */
  private newHolder(queue: QueueOf): HeldObject {
    const holder: HeldObject = {
      answersWithinSeconds: queue.answersWithinSeconds,
      open: (port) => queue.open(port),
      done: async (status, gone) => {
        await this.queue.othersFirst(status);
        // It has been given back meanwhile.
        if (!this.holders.has(holder)) return;
        if (status !== undefined) this.statuses.push(status);
        if (gone !== undefined) this.whenGone.push(gone);
        await this.left(holder);
      },
      giveBack: async () => {
        this.comesAgain = true;
        await this.left(holder);
      },
      // Should it meet a node that is closed, it is in flight still, and comes again.
      leave: () => holder.giveBack(),
    };
    this.holders.add(holder);
    return holder;
  }

  private async left(holder: object): Promise<void> {
    this.drop(holder);
    if (this.holders.size > 0) return;
    if (this.comesAgain) {
      await this.queue.ask('release', this.queue.objectId);
      return;
    }
    const status = this.statuses.find(isLoss) ?? this.statuses.at(-1);
    if (status === undefined) {
      this.tellGone();
      // From now on it is the flow that has to acknowledge it in time.
      await this.queue.ask('extend', this.queue.objectId).catch(unlessUnheard);
      return;
    }
    const outcome = await this.queue.ask('answer', this.queue.objectId, status);
    this.tellGone();
    if (outcome === 'tooLate' || outcome === 'unknown') throw new NotAcknowledged(outcome);
  }

  private tellGone(): void {
    for (const gone of this.whenGone) gone();
  }

  private drop(holder: object): void {
    this.holders.delete(holder);
    if (this.holders.size > 0) return;
    InFlight.all.delete(this.key);
    if (InFlight.all.size > 0) return;
    clearInterval(InFlight.timer);
    InFlight.timer = undefined;
  }
}

/** For whom it does not matter that a queue has not taken what others said. @throws what it is given otherwise */
function unlessNotTaken(error: unknown): void {
  if (!(error instanceof NotAcknowledged || isUnheard(error))) throw error;
}

/** An object that nobody acknowledges, or that another node has parked, too. Its sender may wait for an answer all the same. */
class Parked implements HeldObject {
  readonly answersWithinSeconds: number | undefined;

  constructor(
    private readonly queue: QueueOf,
    private readonly owner: string,
  ) {
    this.answersWithinSeconds = queue.answersWithinSeconds;
  }

  open(port: MessagePort): Promise<OpenedObject> {
    return this.queue.open(port);
  }

  async done(status: CommandStatus | undefined, gone?: () => void): Promise<void> {
    await this.queue.othersFirst(status);
    const problem = await this.tell(status);
    gone?.();
    if (problem !== undefined) throw new NotAcknowledged(problem);
  }

  /** Undefined: the queue has taken it. */
  private async tell(status: CommandStatus | undefined): Promise<'tooLate' | 'unknown' | undefined> {
    const { objectId } = this.queue;
    if (this.answersWithinSeconds !== undefined && status !== undefined) {
      await this.queue.ask('unpark', objectId, this.owner);
      const outcome = await this.queue.ask('answer', objectId, status);
      return outcome === 'tooLate' ? outcome : undefined;
    }
    if (status !== undefined && isLoss(status))
      return (await this.queue.ask('giveUp', objectId, this.owner, status)) ? undefined : 'unknown';
    const isToBeAcknowledged = status !== undefined && this.queue.isAcknowledged;
    const outcome = isToBeAcknowledged ? await this.queue.ask('answer', objectId, status) : undefined;
    await this.queue.ask('unpark', objectId, this.owner);
    return outcome === 'tooLate' || outcome === 'unknown' ? outcome : undefined;
  }

  async giveBack(): Promise<void> {
    await this.queue.ask('disown', [this.owner]);
  }

  /** Delivered now, it would meet nobody and be done with: it stays parked until `disownEarlier` of the next one, or `disownLost`. */
  leave(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * What a node had parked before it was deployed anew comes again.
 * @param ownersOfNode how its owners always begin; @param ownersOfThis since it is deployed
 */
export async function disownEarlier(ownersOfNode: string, ownersOfThis: string): Promise<void> {
  await disown((each) => each.startsWith(ownersOfNode) && !each.startsWith(ownersOfThis));
}

/**
 * What these owners had in the queues of nodes that are deployed now comes again. No queue waits for another one, which may take
 * long to open. @throws what the first one throws
 */
export async function disown(isGone: (owner: string) => boolean): Promise<void> {
  const queues = deployedNodes.all(QueueOwner).flatMap(({ receiver }) => receiver ?? []);
  const disownIn = async (queue: QueueHost): Promise<void> => {
    const gone = (await queue.ask('owners')).filter(isGone);
    if (gone.length > 0) await queue.ask('disown', gone);
  };
  await Promise.all(queues.map((queue) => disownIn(queue).catch(unlessUnheard)));
}

/** Lets an object come again. */
export async function giveBack(held: HeldObject | undefined): Promise<void> {
  // A queue that has ended has it still.
  await held?.giveBack().catch(unlessUnheard);
}

/** Of a reason, characters. */
const LONGEST_REASON = 1_000;

/** Tells the queue of a message's object that a node could not work on it. @param reason without patient data */
export async function tellNotWorkedOn(message: ObjectMessage, reason: string): Promise<void> {
  const name = queueName(queueNameOf(message));
  if (name === undefined) return;
  const queue = new QueueOf(name);
  // What nobody acknowledges does not come again.
  if (queue.isAcknowledged)
    await queue.ask('notWorkedOn', queue.objectId, reason.slice(0, LONGEST_REASON)).catch(unlessUnheard);
}

/**
 * Tells of a message's object, which a node could not begin with, who would not hear of it otherwise: a sender would wait until its
 * time is over, and an object that nobody acknowledges would be gone, so it becomes a dead letter.
 * @param owner as for `holdObject`
 * @param isOnlyThere nothing but the queue has the object
 * @returns false: it comes again by itself
 */
export async function failNotBegun(
  message: ObjectMessage,
  owner: string,
  status: CommandStatus,
  isOnlyThere: boolean,
): Promise<boolean> {
  const queueId = queueNameOf(message);
  const name = queueName(queueId);
  if (queueId === undefined || name === undefined) return false;
  const { answersWithinSeconds, isAcknowledged } = new QueueOf(name);
  const isLost = isOnlyThere && !isAcknowledged;
  if (answersWithinSeconds === undefined && !isLost) return false;
  try {
    await (await holdObject(queueId, owner))?.done(status);
  } catch (error) {
    // It has been answered, or has ended.
    if (!(error instanceof NotAcknowledged || isUnheard(error))) throw error;
  }
  return true;
}

/** Leaves it to its queue, as the node closes. */
export async function leave(held: HeldObject | undefined): Promise<void> {
  await held?.leave().catch(unlessUnheard);
}

/**
 * Some objects of a list were not done, and their queues could not be asked or told: may one of these be heard again? Then whoever
 * acknowledges the list must not, for that takes them out of their queues. Those of nodes that have been removed are not heard.
 */
export function mayBeHeard(RED: Pick<NodeAPI, 'nodes'>, messages: readonly ObjectMessage[]): boolean {
  // All flows are looked through for the names of nodes.
  if (messages.length === 0) return false;
  const exists = existingNodes(RED);
  return messages.some((message) => exists(queueName(queueNameOf(message))?.nodeId ?? ''));
}
