import type { Node, NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import { payloadOf, type FlowMessage, type PayloadSettings } from '../../../src/message';
import { isWarning, type ReceiverFault } from '../../../src/receiver';
import {
  retrievedSettings,
  type RetrieveCounts,
  type RetrievedState,
  type RetrieveEnd,
  type RetrieveResult,
  type RetrieveTarget,
} from '../../../src/retrieve';
import type { RetrievedHost } from '../../../src/sender';
import { DICOM_RETRIEVE, type DicomRetrieveProblem, type DicomRetrieveSettings } from '../../../src/settings';
import { Boundary } from '../../../src/worker';
import { arrivals, type Arrival, type Arrived } from '../../runtime/arrivals';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { disownLost, QueueOwner, removeQueueWithNode, tellOfLeftQueues } from '../../runtime/queues';
import { nodeDirectory } from '../../runtime/node-directory';
import { codedError, settingsFailure } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { onInput } from '../../runtime/on-input';
import { PeerOwner, senderOf, usablePeer } from '../../runtime/peers';
import { runNode } from '../../runtime/run-node';
import { StatusDisplay, type ShownStatus } from '../../runtime/status-display';
import { targetsOf, type RetrieveMessage } from './message-targets';
import { queueFaultCode, RETRIEVE_ERRORS, RetrieveFailed } from './retrieve-error';
import { tellUncaused, warnOfSettings } from '../../runtime/tell';

type Send = (messages: (RetrieveMessage | null)[]) => void;
type Done = (error?: Error) => void;

/** Retrievals that run, or wait for an association. What comes beyond fails, so that memory is bounded. */
const MOST_RETRIEVALS = 100;
const MOST_MESSAGE_IDS = 0xffff;

/** A retrieval that has not ended. */
interface OpenRetrieval {
  message: RetrieveMessage;
  send: Send;
  done: Done;
  peer: PeerOwner;
  moveDestination: string | undefined;
  arrival: Arrival | undefined;
  counts: RetrieveCounts | undefined;
}

/** Of all nodes: objects are known by it, whoever asked for them. Not those of a run before. */
let lastMessageId = Math.floor(Math.random() * MOST_MESSAGE_IDS);
const nextMessageId = (): number => (lastMessageId = (lastMessageId % MOST_MESSAGE_IDS) + 1);

/** Of a message that wants nothing: no prior studies, for example. */
const NOTHING: RetrieveResult = {
  ...{ completed: 0, failed: 0, warning: 0, remaining: 0 },
  ...{ failedSOPInstanceUIDs: [], status: '0000', cancelled: false },
};

/** A deployed `dicom-retrieve` node: joins messages with the sender, which asks, and its queue with the flow. */
export class RetrieveNode extends QueueOwner {
  /** Undefined: it has no queue, because it moves, or its settings do not let it run. */
  receiver: RetrievedHost | undefined;
  /** Nobody waits for an answer. */
  readonly answersWithinSeconds = undefined;
  private readonly text: Text;
  private readonly settings: DicomRetrieveSettings;
  private readonly problems: DicomRetrieveProblem[];
  private readonly directory: string;
  private readonly display: StatusDisplay;
  private readonly boundary = new Boundary((error) => this.node.error(error.message));
  /** By the id under which the sender knows them. */
  private readonly retrievals = new Map<string, OpenRetrieval>();
  private readonly unwatch: (() => void)[] = [];
  private state: RetrievedState | undefined;
  private hasFault = false;
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    super();
    this.text = nodeTexts(RED, DICOM_RETRIEVE.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_RETRIEVE.parse(config));
    this.directory = nodeDirectory(RED, node.id, this.settings.queueDirectory);
    this.display = new StatusDisplay(
      () => this.status(),
      this.boundary.wrap((status) => node.status(status)),
    );
  }

  get isAcknowledged(): boolean {
    return this.settings.acknowledge;
  }

  override get isDown(): boolean {
    return this.hasFault;
  }

  override get payload(): PayloadSettings {
    return payloadOf(this.settings);
  }

  run(): void {
    const { boundary } = this;
    runNode(this.RED, this.node, this, {
      boundary,
      started: () => this.flowsStarted(),
      eachStart: [() => this.disownLost(), () => this.receiver?.goOn()],
      eachStop: [() => this.receiver?.hold()],
      close: (isRemoved) => {
        boundary.run(() => this.close());
        return this.closeQueue(isRemoved);
      },
    });
    onInput(this.node, (message, send, done) => {
      try {
        this.take(message, send, done);
      } catch (error) {
        done(error instanceof RetrieveFailed ? RETRIEVE_ERRORS.errorOf(this.text, error) : asError(error));
      }
    });
    this.display.refresh();
  }

  private flowsStarted(): void {
    warnOfSettings(this.node, this.text, this.problems);
    if (this.invalid !== undefined) tellUncaused(this.node, RETRIEVE_ERRORS.errorOf(this.text, this.invalid));
    else if (this.settings.method === 'get') this.openQueue();
    if (this.invalid === undefined)
      this.tellOfLeftQueues().catch((error: unknown) => this.boundary.failed(error));
    const peer = deployedNodes.get(this.settings.peer, PeerOwner);
    if (peer !== undefined) this.unwatch.push(peer.watch(() => this.display.refresh()));
    this.display.refresh();
  }

  private async tellOfLeftQueues(): Promise<void> {
    const { queueDirectory, method } = this.settings;
    await tellOfLeftQueues(
      this.RED,
      this.node,
      { set: queueDirectory, isUsed: method === 'get' },
      (directory) => this.text('warning.queueLeft', { directory }),
    );
  }

  private disownLost(): void {
    if (this.receiver === undefined) return;
    disownLost(this.RED, this.receiver).catch((error: unknown) => this.boundary.failed(error));
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): RetrieveFailed | undefined {
    return settingsFailure(RetrieveFailed, errorTexts(this.text, this.problems));
  }

  // What is retrieved

  /** @throws RetrieveFailed */
  private take(message: RetrieveMessage, send: Send, done: Done): void {
    if (this.invalid !== undefined) throw this.invalid;
    const { cancel } = message;
    if (cancel) {
      this.cancel(cancel);
      done();
      return;
    }
    const peer = usablePeer(this.RED, this.settings.peer);
    if (typeof peer === 'string') throw new RetrieveFailed('peerMissing', { reason: peer });
    const targets = targetsOf(message);
    const moveDestination = this.settings.method === 'move' ? this.destination() : undefined;
    if (this.isClosed) throw new RetrieveFailed('stopped', { reason: '', peer: peer.name });
    if (this.retrievals.size >= MOST_RETRIEVALS) throw new RetrieveFailed('busy', { max: MOST_RETRIEVALS });
    const retrieval = { message, send, done, peer, moveDestination, arrival: undefined, counts: undefined };
    if (targets.length > 0) this.ask(targets, retrieval);
    else this.told(retrieval, NOTHING);
  }

  /** @throws RetrieveFailed where it is not said, and not plain */
  private destination(): string {
    const { moveDestination } = this.settings;
    if (moveDestination !== '') return moveDestination;
    const titles = deployedNodes.all(QueueOwner).flatMap(({ aeTitle }) => aeTitle ?? []);
    const [only] = titles;
    if (only === undefined || titles.length > 1)
      throw new RetrieveFailed('noDestination', { count: titles.length });
    return only;
  }

  private ask(targets: RetrieveTarget[], retrieval: OpenRetrieval): void {
    const { moveDestination, peer } = retrieval;
    const id = `${this.node.id} ${this.RED.util.generateId()}`;
    const messageId = nextMessageId();
    if (moveDestination !== undefined && this.settings.waitForObjects)
      retrieval.arrival = arrivals.expect({
        originatorAET: peer.callingAET,
        messageId,
        studyInstanceUIDs: new Set(targets.map(({ studyInstanceUID }) => studyInstanceUID)),
      });
    this.retrievals.set(id, retrieval);
    this.display.refresh();
    senderOf(this.RED).retrieve({
      ...{ id, peer: this.settings.peer, targets, messageId },
      ...(moveDestination === undefined ? { queue: this.node.id } : { moveDestination }),
      progress: (counts) => this.boundary.run(() => this.progress(id, counts)),
      ended: (end) => {
        this.ended(id, end).catch((error: unknown) => this.boundary.failed(error));
      },
    });
  }

  private progress(id: string, counts: RetrieveCounts): void {
    const retrieval = this.retrievals.get(id);
    if (retrieval === undefined) return;
    retrieval.counts = counts;
    this.display.refresh();
    if (!this.settings.progress) return;
    const message = this.RED.util.cloneMessage(retrieval.message);
    message.payload = counts;
    retrieval.send([withFacts(message, { ...this.factsOf(retrieval), progress: true }), null]);
  }

  private async ended(id: string, end: RetrieveEnd): Promise<void> {
    const retrieval = this.retrievals.get(id);
    if (retrieval === undefined) return;
    const { message, done, peer, arrival } = retrieval;
    if (end.kind === 'failed') {
      this.retrievals.delete(id);
      arrival?.close();
      this.display.refresh();
      const { failure, text: reason, result } = end;
      withFacts(message, { ...this.factsOf(retrieval), ...result });
      const values = { reason, peer: peer.name, directory: this.directory, completed: result.completed };
      done(RETRIEVE_ERRORS.errorOf(this.text, new RetrieveFailed(failure, values)));
      return;
    }
    const { completed, warning, cancelled } = end.result;
    const arrived =
      arrival === undefined || cancelled
        ? undefined
        : await arrival.wait(completed + warning, this.settings.waitSeconds);
    arrival?.close();
    // The node was closed meanwhile, which was its end.
    if (!this.retrievals.delete(id)) return;
    this.display.refresh();
    this.told(retrieval, end.result, arrived);
  }

  /** The end, with a result. */
  private told(retrieval: OpenRetrieval, result: RetrieveResult, arrived?: Arrived): void {
    const { message, send, done } = retrieval;
    const { cancelled, ...payload } = result;
    message.payload = { ...payload, ...(arrived && { arrived }) };
    if (this.settings.progress) message['complete'] = true;
    send([withFacts(message, { ...this.factsOf(retrieval), cancelled }), null]);
    done();
  }

  private factsOf({ peer, moveDestination }: OpenRetrieval): object {
    const { method } = this.settings;
    return { peer: peer.name, method, ...(moveDestination !== undefined && { moveDestination }) };
  }

  /** @param which the `_msgid` of the message whose retrieval is to end, if that has not ended yet; no text: all */
  private cancel(which: unknown): void {
    for (const [id, { message, arrival }] of this.retrievals)
      if (typeof which !== 'string' || message._msgid === which) {
        senderOf(this.RED).cancelRetrieve(id);
        arrival?.close();
      }
  }

  /** Peers are told, and nobody hears of what still comes of it; objects are in the queue. */
  private close(): void {
    this.isClosed = true;
    this.display.close();
    for (const unwatch of this.unwatch) unwatch();
    for (const [id, { done, arrival, peer }] of this.retrievals) {
      senderOf(this.RED).cancelRetrieve(id);
      arrival?.close();
      done(
        RETRIEVE_ERRORS.errorOf(this.text, new RetrieveFailed('stopped', { reason: '', peer: peer.name })),
      );
    }
    this.retrievals.clear();
  }

  // The queue of what C-GETs bring

  private openQueue(): void {
    const config = {
      id: this.node.id,
      settings: retrievedSettings(this.settings),
      queueDirectory: this.directory,
    };
    this.receiver = senderOf(this.RED).addRetrieved(config, {
      message: (message) => this.emit(message),
      state: (state) => {
        if (state.isOpen) this.hasFault = false;
        this.state = state;
        this.display.refresh();
      },
      fault: (fault) => this.fault(fault),
    });
  }

  private async closeQueue(removed: boolean): Promise<void> {
    if (this.receiver === undefined) return;
    await senderOf(this.RED).removeRetrieved(this.receiver);
    if (!removed) return;
    const { directory } = this;
    const kept = this.text('warning.queueKept', { directory });
    await removeQueueWithNode(this.node, directory, this.settings.queueDirectory === '', kept);
  }

  /** Throws what a node of the flow throws, where Node-RED hands messages over at once (`runtimeSyncDelivery`). */
  private emit(message: FlowMessage): void {
    this.node.send([null, { ...message }]);
  }

  /** To the status, the log and Catch nodes, which get the code with it; a warning to the log only. */
  private fault(fault: ReceiverFault): void {
    const problem = this.text(`error.${fault.kind}`, fault.values);
    if (isWarning(fault.kind)) {
      this.node.warn(problem);
      return;
    }
    if (fault.down) this.hasFault = true;
    this.display.refresh();
    this.node.error(codedError(problem, queueFaultCode(fault.kind)), { payload: fault });
  }

  private status(): ShownStatus {
    const { text } = this;
    if (this.invalid !== undefined)
      return { state: 'invalid', fill: 'red', shape: 'ring', text: text('status.settings') };
    if (this.hasFault) return { state: 'queue', fill: 'red', shape: 'ring', text: text('status.queue') };
    if (this.retrievals.size > 0) {
      const sum = { completed: 0, total: 0 };
      for (const { counts } of this.retrievals.values()) {
        const { completed = 0, failed = 0, warning = 0, remaining = 0 } = counts ?? {};
        sum.completed += completed + warning;
        sum.total += completed + failed + warning + remaining;
      }
      const words = sum.total === 0 ? text('status.asking') : text('status.retrieving', sum);
      return { state: 'retrieving', fill: 'blue', shape: 'dot', text: words };
    }
    const { outage } = deployedNodes.get(this.settings.peer, PeerOwner)?.state ?? {};
    if (outage !== undefined) return { state: 'down', fill: 'red', shape: 'dot', text: text('status.down') };
    const { deadLetters = 0 } = this.state ?? {};
    if (deadLetters > 0)
      return {
        state: 'dead',
        fill: 'yellow',
        shape: 'dot',
        text: text('status.dead', { objects: deadLetters }),
      };
    return { state: 'idle', fill: 'green', shape: 'ring', text: text('status.idle') };
  }
}

function withFacts(message: RetrieveMessage, facts: object): RetrieveMessage {
  const dicom = typeof message['dicom'] === 'object' ? message['dicom'] : {};
  message['dicom'] = { ...dicom, retrieve: facts };
  return message;
}
