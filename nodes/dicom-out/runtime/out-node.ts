import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import {
  DICOM_OUT,
  GIVE_UP_MINUTES,
  splitList,
  type DicomOutProblem,
  type DicomOutSettings,
} from '../../../src/settings';
import { asError } from '../../../src/basics';
import { type DicomChanges, DicomError } from '../../../src/dicom';
import type { OutboxNote, RetryPolicy, Sending, SendOutcome } from '../../../src/sender';
import { Boundary } from '../../../src/worker';
import type { DeadLetterBox } from '../../runtime/dead-letter-routes';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { FlowStart } from '../../runtime/flow-start';
import { DefinedPeers, type UsedPeer } from '../../runtime/defined-peers';
import {
  disownEarlier,
  holdObject,
  holdToAcknowledge,
  NotAcknowledged,
  type HeldObject,
} from '../../runtime/held-objects';
import type { JournalBox } from '../../runtime/journal-routes';
import { journalDirectory, removeJournalWithNode } from '../../runtime/journals';
import { nodeTexts, problemText, type Text } from '../../runtime/node-texts';
import { PeerOwner } from '../../runtime/peer-owner';
import { senderOf } from '../../runtime/sender';
import { StatusDisplay } from '../../runtime/status-display';
import { instancesOf, weightOfList, type ListedInstance } from './instance-list';
import { ListSending } from './list-sending';
import {
  changesOf,
  objectOf,
  queueNameOf,
  weightOf,
  type MessageObject,
  type SendingMessage,
} from './message-object';
import { peerOfMessage } from './message-peer';
import { NodeOutbox } from './node-outbox';
import { errorFacts, outError, OutFailed } from './out-error';
import { outJournal } from './out-journal';
import { answerTimeLeft, commandStatusOf, failureOf, isUnheard, noteOf, sentOf } from './outcome-facts';
import { outStatus, type OutStatus } from './out-status';

/** What may wait without a queue: its messages are in memory. One message always passes. */
const MOST_WAITING_BYTES = 32_000_000;
/** A full outbox is asked again after so long. */
const ROOM_MS = 5_000;
/** Tells what this run of Node-RED has parked from what earlier ones have. */
const RUN = randomBytes(6).toString('hex');

type Send = (message: (NodeMessage | null)[] | NodeMessage) => void;
type Done = (error?: Error) => void;

/** An object that the node has taken on. */
interface Prepared {
  /** That names it, or would if it were not in a list. */
  message: SendingMessage;
  object: MessageObject;
  /** To be applied on the way; undefined: none. */
  changes: DicomChanges | undefined;
  to: UsedPeer;
  /** Undefined: no queue waits to hear of it. */
  held: HeldObject | undefined;
}

/** One that is being sent. */
interface Waiting extends Pick<Prepared, 'to' | 'held'> {
  id: string;
  /** @param outcome undefined: the node closes, and the object has gone back */
  settle: (outcome: SendOutcome | undefined) => void;
  /** Until there may be room in the outbox. */
  again?: NodeJS.Timeout;
}

/** A deployed `dicom-out` node: joins the sender with messages, and with the queues in which their objects lie. */
export class OutNode {
  private readonly text: Text;
  private readonly settings: DicomOutSettings;
  private readonly problems: DicomOutProblem[];
  private readonly display: StatusDisplay<OutStatus>;
  private readonly boundary = new Boundary((error) => this.node.error(error.message));
  private readonly waiting = new Map<string, Waiting>();
  /** Bytes of each message that no queue has while it waits. */
  private readonly loads = new Set<{ bytes: number }>();
  private readonly lists = new Map<ListSending<Prepared>, Promise<void>>();
  private readonly unwatch: (() => void)[] = [];
  private readonly owner: string;
  private readonly hasFailureWire: boolean;
  /** Undefined: the node has none. */
  private readonly outbox: NodeOutbox | undefined;
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    this.text = nodeTexts(RED, DICOM_OUT.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_OUT.parse(config));
    const wires = Array.isArray(config['wires']) ? (config['wires'] as string[][]) : [];
    this.hasFailureWire = this.settings.outputFailures && (wires[1]?.length ?? 0) > 0;
    this.owner = `${node.id}/wait-${RUN}`;
    this.display = new StatusDisplay(
      () => this.status(),
      this.boundary.wrap((status) => node.status(status)),
    );
    if (this.settings.mode !== 'wait' && this.invalid === undefined)
      this.outbox = new NodeOutbox(RED, node, this.settings, this.policy(Infinity), {
        text: this.text,
        hasFailureWire: this.hasFailureWire,
        boundary: this.boundary,
        changed: () => this.display.refresh(),
      });
  }

  run(): void {
    const start = this.boundary.wrap(() => this.flowsStarted());
    FlowStart.of(this.RED).add(start);
    deployedNodes.add(this.node.id, this);
    this.node.on('input', (message, send, done) => {
      this.take(message as SendingMessage, send as Send, done).catch((error: unknown) =>
        this.refuse(message as SendingMessage, send as Send, done, error),
      );
    });
    this.node.on('close', (removed: boolean, done: () => void) => {
      FlowStart.of(this.RED).remove(start);
      deployedNodes.remove(this.node.id);
      this.close(removed)
        .catch((error: unknown) => this.boundary.failed(error))
        .finally(done);
    });
    this.display.refresh();
  }

  private flowsStarted(): void {
    for (const problem of this.problems)
      if (problem.severity === 'warning') this.node.warn(problemText(this.text, problem));
    if (this.invalid !== undefined) this.node.error(outError(this.text, this.invalid));
    for (const peer of deployedNodes.all(PeerOwner))
      this.unwatch.push(peer.watch(() => this.display.refresh()));
    this.openJournal();
    this.outbox?.open();
    disownEarlier(`${this.node.id}/wait-`, this.owner).catch((error: unknown) => this.boundary.failed(error));
    this.display.refresh();
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): OutFailed | undefined {
    const errors = this.problems.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return undefined;
    const problems = errors.map((problem) => problemText(this.text, problem)).join('; ');
    return new OutFailed('settingsInvalid', { problems });
  }

  /** @throws OutFailed; what a queue that cannot be asked throws */
  private async take(message: SendingMessage, send: Send, done: Done): Promise<void> {
    if (this.invalid !== undefined) throw this.invalid;
    const to = await this.peerOf(message);
    try {
      const instances = instancesOf(message, this.settings.objectFrom);
      if (instances === undefined) await this.takeObject(message, to, send, done);
      else await this.takeList(instances, message, to, send, done);
    } finally {
      to.release();
    }
  }

  private async takeObject(message: SendingMessage, to: UsedPeer, send: Send, done: Done): Promise<void> {
    const prepared = await this.prepare(message, to);
    const unload = prepared.held === undefined ? this.load(weightOf(message)) : () => undefined;
    try {
      // The flow hears first, then the queue: where the process ends in between, the object comes again.
      const failed = await this.deliver(prepared, performance.now(), (id, outcome) => {
        message.dicom = { ...message.dicom, ...this.facts(id, to.peer, outcome) };
        if (outcome.kind === 'sent') send(message);
      });
      if (failed === undefined) done();
      else this.fail(message, send, done, failed);
    } finally {
      unload();
    }
  }

  /** One outcome for each instance, which its queue hears at once, and the message when there are all. */
  private async takeList(
    instances: readonly ListedInstance[],
    message: SendingMessage,
    to: UsedPeer,
    send: Send,
    done: Done,
  ): Promise<void> {
    const unload = this.load(weightOfList(instances));
    const list = new ListSending<Prepared>(
      {
        isClosed: () => this.isClosed,
        prepare: (each) => this.prepare(each, to),
        deliver: (prepared, since, heard) => this.deliver(prepared, since, heard),
        facts: (id, outcome) => this.facts(id, to.peer, outcome),
        error: (failed) => errorFacts(this.text, failed),
        failed: (each, failed) => {
          if (this.hasFailureWire) send([null, this.failureMessage(each, failed)]);
        },
      },
      instances,
    );
    const running = list.run();
    this.lists.set(list, running);
    try {
      await running;
    } finally {
      this.lists.delete(list);
      unload();
    }
    this.display.refresh();
    const { instances: count, done: final, failed, ...totals } = list.totals;
    if (!list.isFinal) {
      this.stopped(done, new OutFailed('listStopped', { message: message._msgid ?? '', count, final }));
      return;
    }
    const became = this.settings.mode === 'wait' ? 'sent' : 'stored';
    const summary = { peer: to.peer.name, instances: count, [became]: final, failed, ...totals };
    message.dicom = { ...message.dicom, [became]: summary };
    send(message);
    const reason = list.firstFailure && outError(this.text, list.firstFailure).message;
    if (reason !== undefined && !this.hasFailureWire)
      done(outError(this.text, new OutFailed('instancesFailed', { count, failed, reason })));
    else if (list.notAcknowledged > 0) done(outError(this.text, new OutFailed('acknowledgeFailed')));
    else done();
  }

  /** Takes the object of a message on. @throws OutFailed; what a queue that cannot be asked throws */
  private async prepare(message: SendingMessage, to: UsedPeer): Promise<Prepared> {
    const object = objectOf(message, this.settings.objectFrom);
    if (object === undefined) throw new OutFailed('noObject');
    const changes = this.changesOf(message);
    return { message, object, changes, to, held: await this.hold(message, object) };
  }

  /**
   * Sends an object, or stores it in the outbox.
   * @param since the time from which on it is tried, on `performance.now()`'s clock
   * @param heard called with what has become of it, before its queue hears of that; not called where the node closes
   * @returns why that is not all right; undefined: it is, or the object went back to its queue
   */
  private async deliver(
    prepared: Prepared,
    since: number,
    heard: (id: string, outcome: SendOutcome) => void,
  ): Promise<OutFailed | undefined> {
    const { message, held } = prepared;
    const id = this.idOf(prepared);
    const outcome = await this.outcomeOf(id, prepared, since);
    if (outcome === undefined)
      return held === undefined ? new OutFailed('stopped', { message: message._msgid ?? '' }) : undefined;
    this.display.refresh();
    heard(id, outcome);
    const failed = outcome.kind === 'failed' ? failureOf(outcome) : undefined;
    try {
      await held?.done(this.settings.acknowledge ? commandStatusOf(outcome) : undefined);
    } catch (error) {
      if (!(error instanceof NotAcknowledged || isUnheard(error))) throw error;
      return failed ?? new OutFailed('acknowledgeFailed');
    }
    return failed;
  }

  /** Undefined: the node closes, and it has gone back. */
  private async outcomeOf(id: string, prepared: Prepared, since: number): Promise<SendOutcome | undefined> {
    const { message, object, changes, to, held } = prepared;
    if (this.isClosed) {
      await this.giveBack(held);
      return undefined;
    }
    // The same object once more, as it was delivered again: the earlier one goes on, this one waits with it.
    const key = this.waiting.has(id) ? `${id} ${randomUUID()}` : id;
    const { place, sopInstanceUID } = object;
    const policy = this.policy(answerTimeLeft(message, held));
    const sending: Omit<Sending, 'settled'> = {
      id: this.senderId(key),
      peer: to.id,
      place,
      policy: { ...policy, giveUpMs: policy.giveUpMs - (performance.now() - since) },
      ...(changes === undefined ? sopInstanceUID !== undefined && { sopInstanceUID } : { changes }),
      ...(held && { openObject: (port) => held.open(port) }),
    };
    return new Promise((resolve) => {
      const settle = (outcome: SendOutcome | undefined): void => {
        this.waiting.delete(key);
        resolve(outcome);
      };
      const waiting: Waiting = { id, to, held, settle };
      this.waiting.set(key, waiting);
      this.display.refresh();
      if (this.settings.mode === 'wait') senderOf(this.RED).send({ ...sending, settled: settle });
      else this.store(waiting, sending, noteOf(id, to, message, changes !== undefined));
    });
  }

  private store(waiting: Waiting, sending: Omit<Sending, 'settled'>, note: OutboxNote): void {
    const settled = (outcome: SendOutcome): void => {
      // It stays in flight, which holds up its queue, until there is room.
      if (outcome.failure === 'noRoom' && waiting.held !== undefined && !this.isClosed)
        waiting.again = setTimeout(() => this.store(waiting, sending, note), ROOM_MS);
      else waiting.settle(outcome);
    };
    senderOf(this.RED).store({ ...sending, settled }, this.node.id, note);
  }

  /** What `msg.dicom` gets: how it went, or that it is safe in the outbox. */
  private facts(id: string, { name }: PeerOwner, outcome: SendOutcome): { sent?: unknown; stored?: unknown } {
    if (this.settings.mode === 'wait') return { sent: sentOf(id, name, outcome) };
    const { kind, warnings } = outcome;
    return kind === 'sent' ? { stored: { id, peer: name, ...(warnings && { warnings }) } } : {};
  }

  /** The peer to which a message is to go. @throws OutFailed */
  private peerOf({ peer: named }: SendingMessage): Promise<UsedPeer> | UsedPeer {
    const { peer: configured, peersFromMessage, allowedPeerHosts } = this.settings;
    if (typeof named === 'object' && named !== null)
      return peerOfMessage(this.RED, named, splitList(allowedPeerHosts));
    const ids = named === undefined ? [configured] : peersFromMessage;
    const found = ids
      .map((id) => [id, deployedNodes.get(id, PeerOwner)] as const)
      .filter(([id, peer]) => named === undefined || id === named || peer?.name === named);
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new OutFailed('noPeer', { peer: JSON.stringify(named) ?? '' });
    const [id, peer] = only;
    if (peer === undefined || peer.problem !== undefined)
      throw new OutFailed('peerMissing', { reason: peer?.problem ?? '' });
    return { id, peer, release: () => undefined };
  }

  /** Makes room for a message that no queue has. Returns what gives it back. @throws OutFailed */
  private load(bytes: number): () => void {
    const { size } = this.loads;
    const total = [...this.loads].reduce((sum, other) => sum + other.bytes, bytes);
    const isBeyond = size >= this.settings.maxWaiting || total > MOST_WAITING_BYTES;
    if (size > 0 && isBeyond) throw new OutFailed('busy', { max: size });
    const load = { bytes };
    this.loads.add(load);
    return () => this.loads.delete(load);
  }

  /** @throws OutFailed */
  private changesOf(message: SendingMessage): DicomChanges | undefined {
    try {
      return changesOf(message);
    } catch (error) {
      if (error instanceof DicomError) throw new OutFailed('notChanged', { reason: error.message });
      throw error;
    }
  }

  /** @throws OutFailed */
  private async hold(message: SendingMessage, { place }: MessageObject): Promise<HeldObject | undefined> {
    const queueId = queueNameOf(message);
    if (place.kind === 'queue') {
      const held = queueId === undefined ? undefined : await holdObject(queueId, this.owner);
      if (held === undefined) throw new OutFailed('objectGone');
      return held;
    }
    if (queueId === undefined || !this.settings.acknowledge) return undefined;
    // It can be sent without its queue, which delivers it again where it has not heard of that.
    return holdToAcknowledge(queueId, this.owner).catch((error: unknown) => {
      if (!isUnheard(error)) throw error;
      return undefined;
    });
  }

  /** The same for the same object of a queue, over restarts. */
  private idOf({ message, object, to }: Prepared): string {
    const queueId = object.place.kind === 'queue' ? queueNameOf(message) : undefined;
    if (queueId === undefined) return randomUUID();
    return createHash('sha256').update(`${this.node.id}\n${to.id}\n${queueId}`).digest('hex').slice(0, 32);
  }

  /** @param mostMs that there is time at all */
  private policy(mostMs: number): RetryPolicy {
    const { retryFirstSeconds, retryLastSeconds, giveUpAfterMinutes, mode } = this.settings;
    const minutes = giveUpAfterMinutes === '' ? GIVE_UP_MINUTES[mode] : Number(giveUpAfterMinutes);
    const giveUpMs = minutes === 0 ? Infinity : minutes * 60_000;
    return {
      firstMs: retryFirstSeconds * 1_000,
      lastMs: retryLastSeconds * 1_000,
      giveUpMs: Math.min(giveUpMs, mostMs),
      ...(mostMs < Infinity && { outcomeMs: mostMs }),
    };
  }

  /** To the second output where that is wired, else to a Catch node. */
  private fail(message: SendingMessage, send: Send, done: Done, failed: OutFailed): void {
    if (failed.failure === 'stopped') this.stopped(done, failed);
    else if (!this.hasFailureWire || failed.failure === 'acknowledgeFailed')
      done(outError(this.text, failed));
    else {
      send([null, this.failureMessage(message, failed)]);
      done();
    }
  }

  /** What is undecided when the node closes, and no queue has, is named in the log. */
  private stopped(done: Done, failed: OutFailed): void {
    const stopped = outError(this.text, failed);
    this.node.warn(stopped.message);
    done(stopped);
  }

  private failureMessage(message: SendingMessage, failed: OutFailed): NodeMessage {
    const { topic, dicom, _msgid } = message as SendingMessage & { topic?: unknown };
    const failure = { topic, dicom, _msgid, error: errorFacts(this.text, failed) };
    return failure;
  }

  /** A message that could not be begun with. */
  private refuse(message: SendingMessage, send: Send, done: Done, error: unknown): void {
    if (error instanceof OutFailed) this.fail(message, send, done, error);
    else if (isUnheard(error)) this.fail(message, send, done, new OutFailed('objectGone'));
    else done(asError(error));
  }

  /** Of its outbox; undefined: it has none. */
  get deadLetterBox(): DeadLetterBox | undefined {
    return this.outbox?.deadLetterBox;
  }

  /** Undefined: the settings do not let it run. */
  get journalBox(): JournalBox | undefined {
    return this.invalid === undefined ? outJournal(senderOf(this.RED), this.node.id) : undefined;
  }

  private openJournal(): void {
    const directory = journalDirectory(this.RED, this.node.id);
    const config = { directory, patient: this.settings.journalPatient };
    senderOf(this.RED).addJournal(this.node.id, config, (reason) =>
      this.node.warn(this.text('warning.journalNotWritten', { directory, reason })),
    );
  }

  private async close(isRemoved: boolean): Promise<void> {
    this.isClosed = true;
    this.display.close();
    for (const unwatch of this.unwatch) unwatch();
    for (const [key, { again, held, settle }] of this.waiting) {
      clearTimeout(again);
      senderOf(this.RED).cancel(this.senderId(key));
      await this.giveBack(held);
      settle(undefined);
    }
    // They give back what they had not begun with.
    await Promise.all(this.lists.values());
    await senderOf(this.RED).removeJournal(this.node.id);
    if (isRemoved) removeJournalWithNode(this.RED, this.node.id, (error) => this.boundary.failed(error));
    await this.outbox?.close(isRemoved);
    DefinedPeers.of(this.RED).endUnused();
  }

  /** What is undecided when the node closes goes back to its queue. */
  private async giveBack(held: HeldObject | undefined): Promise<void> {
    await held?.giveBack().catch((error: unknown) => {
      // A queue that has ended has it still.
      if (!isUnheard(error)) throw error;
    });
  }

  private status(): OutStatus {
    const named = [this.settings.peer, ...this.settings.peersFromMessage].map((id) =>
      deployedNodes.get(id, PeerOwner),
    );
    const used = [...this.waiting.values()].map(({ to }) => to.peer);
    const states = [...new Set([...named, ...used])].map((peer) => peer?.state);
    return outStatus(this.text, {
      isInvalid: this.invalid !== undefined,
      outage: states.find((state) => state?.outage !== undefined)?.outage,
      isSending: states.some((state) => (state?.sending ?? 0) > 0),
      waiting: this.waiting.size + this.notBegun + (this.outbox?.state?.waiting ?? 0),
      deadLetters: this.outbox?.state?.deadLetters ?? 0,
    });
  }

  /** Instances of lists. */
  private get notBegun(): number {
    return [...this.lists.keys()].reduce((total, list) => total + list.notBegun, 0);
  }

  private senderId(key: string): string {
    return `${this.node.id} ${key}`;
  }
}
