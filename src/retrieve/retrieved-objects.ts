import type { LetterFacts } from '../admin-api';
import { Paced } from '../basics';
import { Answers, Delivery, giveUpValues, QueueService, Starting, type GiveUpReason } from '../delivery';
import type { ObjectIdentity } from '../dicom';
import type { ConvertedObject, FileOutput } from '../message';
import { Status, type CommandStatus, type ObjectStore } from '../network';
import type { ObjectQueue } from '../queue';
import {
  createFileOutput,
  createQueue,
  ObjectIntake,
  outputFault,
  queueFault,
  ReceiverFaults,
  type ReceiverFault,
} from '../receiver';
import { pick, RECEIVED_OBJECT_FIELDS, splitList, type DicomRetrieveSettings } from '../settings';
import type { ObjectPlace } from './object-place';

export type RetrievedSettings = Pick<DicomRetrieveSettings, (typeof RECEIVED_OBJECT_FIELDS)[number]>;

/** The settings that go to the worker. */
export const retrievedSettings = (settings: DicomRetrieveSettings): RetrievedSettings =>
  pick(settings, RECEIVED_OBJECT_FIELDS);

/** The queue of a node that retrieves, as plain data that can be posted. */
export interface RetrievedConfig {
  /** The node's id. */
  id: string;
  settings: RetrievedSettings;
  queueDirectory: string;
}

/** How it goes with it. */
export interface RetrievedState {
  /** Objects that the flow is not done with. */
  queued: number;
  deadLetters: number;
  /** It takes objects. */
  isOpen: boolean;
}

/** Where what comes of it goes. Nothing here may throw. */
export interface RetrievedOutput {
  /** An object for the flow; answer with `delivered(id)`. */
  deliver(id: string, converted: ConvertedObject): void;
  state(state: RetrievedState): void;
  fault(fault: ReceiverFault): void;
}

const BYTES_PER_MEGABYTE = 1_000_000;
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 30_000;
const STATE_MS = 500;

/** Objects that C-GETs of one node have brought: queue → conversion → output, as a receiver has them. */
export class RetrievedObjects extends QueueService implements ObjectPlace {
  protected readonly queue: ObjectQueue;
  protected readonly delivery: Delivery;
  /** Peers have their answers as soon as the queue has the object. */
  protected readonly answers = new Answers(0, () => undefined);
  private readonly files: FileOutput | undefined;
  private readonly starting = new Starting<ReceiverFault>({
    ...{ firstMs: RETRY_FIRST_MS, lastMs: RETRY_LAST_MS },
    attempt: () => this.open(),
    fault: (fault) => this.output.fault(fault),
  });
  private readonly faults = new ReceiverFaults((fault) => this.output.fault(fault));
  private readonly told: Paced;
  private queueIsOpen = false;
  private isOpen = false;
  private isClosed = false;

  constructor(
    readonly config: RetrievedConfig,
    private readonly output: RetrievedOutput,
  ) {
    const { id: receiverId, settings, queueDirectory } = config;
    const waiting = { acknowledge: settings.acknowledge, respond: 'received' } as const;
    super(receiverId, waiting);
    const { onWarning } = this.faults;
    const place = { receiverId, settings, queueDirectory };
    this.queue = createQueue(place, {
      onLeftover: (error) => this.faults.leftover(error),
      onSync: () => undefined,
      onWarning,
    });
    this.files = createFileOutput(place, onWarning);
    this.delivery = new Delivery(
      this.queue,
      settings,
      { ...settings, ...waiting, receiverId, files: this.files },
      {
        deliver: (id, converted) => output.deliver(id, converted),
        gaveUp: (id, reason, facts) => this.gaveUp(id, reason, facts),
        ...this.faults.ofDelivery,
      },
    );
    this.told = new Paced(STATE_MS, () => this.output.state(this.state()));
  }

  /** Opens the queue, and begins to deliver what is in it; on failure reports and tries again by itself. */
  start(): void {
    this.starting.start();
  }

  get problem(): string | undefined {
    if (this.isOpen) return undefined;
    const { fault } = this.starting;
    return `the queue is not open${fault === undefined ? '' : ` (${fault})`}`;
  }

  /** Resolves when it has been tried to open it. */
  async tried(): Promise<void> {
    await this.starting.tried();
  }

  get maxObjectBytes(): number {
    return this.config.settings.maxObjectSizeMB * BYTES_PER_MEGABYTE;
  }

  get transferSyntaxes(): readonly string[] {
    return splitList(this.config.settings.transferSyntaxes);
  }

  store(refuses: (identity: ObjectIdentity) => CommandStatus | undefined): ObjectStore {
    const intake = new ObjectIntake(
      this.queue,
      {
        queued: () => {
          this.delivery.wake();
          this.changed();
          return Promise.resolve({ status: Status.success });
        },
        // The peer hears of each; people need to once in a while.
        refused: (refusal) => this.faults.leftover(refusal),
      },
      { refuses },
    );
    return whileOpen(intake, () => (this.isOpen ? undefined : CLOSED));
  }

  /** The flow has got the object. */
  delivered(id: string): void {
    this.delivery.delivered(id);
    this.changed();
  }

  /** The object's message could not be sent to the flow. */
  notDelivered(id: string, reason: string): void {
    this.delivery.notDelivered(id, reason);
  }

  /** What is in it stays there. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.starting.stop();
    this.isOpen = false;
    this.delivery.stop();
    this.told.stop();
    await this.queue.close();
  }

  protected changed(): void {
    this.told.changed();
  }

  private state(): RetrievedState {
    return { queued: this.queue.size, deadLetters: this.deadLetterCount, isOpen: this.isOpen };
  }

  /** Undefined: it takes objects, and begins to deliver those that are in it. */
  private async open(): Promise<ReceiverFault | undefined> {
    const { settings, queueDirectory } = this.config;
    try {
      if (!this.queueIsOpen) await this.queue.open();
      this.queueIsOpen = true;
      await this.queueOpened();
    } catch (error) {
      return queueFault(error, queueDirectory);
    }
    try {
      this.files?.check();
    } catch (error) {
      return outputFault(error, settings.directory);
    }
    this.isOpen = !this.isClosed;
    this.delivery.wake();
    this.changed();
    this.countDeadLetters().catch((error: unknown) => this.faults.leftover(error as Error));
    return undefined;
  }

  private gaveUp(id: string, reason: GiveUpReason, facts: LetterFacts): void {
    this.deadLetterCount += 1;
    // The flow knows what it answered.
    if (reason.kind !== 'failed') this.faults.add(reason.kind, giveUpValues(id, reason), facts);
    this.changed();
  }
}

const CLOSED: CommandStatus = { status: Status.outOfResources, comment: 'the queue is closed' };

/** Refuses what comes when somebody else may have the queue already: a peer may send for a while after C-CANCEL. */
function whileOpen(store: ObjectStore, closed: () => CommandStatus | undefined): ObjectStore {
  return {
    begin: (request) => {
      const refused = closed();
      if (refused !== undefined) return { refused };
      const object = store.begin(request);
      if ('refused' in object) return object;
      return {
        append: (bytes) => closed() ?? object.append(bytes),
        complete: () => {
          const status = closed();
          if (status === undefined) return object.complete();
          object.discard();
          return Promise.resolve(status);
        },
        discard: () => object.discard(),
      };
    },
  };
}
