import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import {
  DICOM_OUT,
  GIVE_UP_MINUTES,
  type DicomOutProblem,
  type DicomOutSettings,
} from '../../../src/settings';
import { asError } from '../../../src/basics';
import { type DicomChanges, DicomError } from '../../../src/dicom';
import type { LetterFacts } from '../../../src/queue';
import type {
  OutboxConfig,
  OutboxNote,
  OutboxState,
  RetryPolicy,
  Sending,
  SendOutcome,
} from '../../../src/sender';
import { Boundary } from '../../../src/worker';
import type { DeadLetterBox } from '../../runtime/dead-letter-routes';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { FlowStart } from '../../runtime/flow-start';
import { disownEarlier, holdObject, NotAcknowledged, type HeldObject } from '../../runtime/held-objects';
import type { JournalBox } from '../../runtime/journal-routes';
import { journalDirectory, removeJournalWithNode } from '../../runtime/journals';
import { nodeTexts, problemText, type Text } from '../../runtime/node-texts';
import { PeerOwner } from '../../runtime/peer-owner';
import { nodeDirectory } from '../../runtime/node-directory';
import { removeEmptyQueue } from '../../runtime/removed-queue';
import { senderOf } from '../../runtime/sender';
import { StatusDisplay } from '../../runtime/status-display';
import { changesOf, objectOf, weightOf, type SendingMessage } from './message-object';
import { outError, OutFailed } from './out-error';
import { outJournal } from './out-journal';
import { answerTimeLeft, commandStatusOf, failureOf, isUnheard, noteOf, sentOf } from './outcome-facts';
import { outStatus, type OutStatus } from './out-status';

/** What may wait without a queue: its messages are in memory. One message always passes. */
const MOST_WAITING_BYTES = 32_000_000;
const BYTES_PER_MEGABYTE = 1_000_000;
/** A full outbox is asked again after so long. */
const ROOM_MS = 5_000;
/** Tells what this run of Node-RED has parked from what earlier ones have. */
const RUN = randomBytes(6).toString('hex');

type Send = (message: (NodeMessage | null)[] | NodeMessage) => void;
type Done = (error?: Error) => void;

/** A message whose object is being sent. */
interface Waiting {
  id: string;
  message: SendingMessage;
  send: Send;
  done: Done;
  peer: PeerOwner;
  /** Undefined: no queue has the object. */
  held: HeldObject | undefined;
  /** Without a queue: bytes that it keeps in memory. */
  weight: number;
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
  private readonly unwatch: (() => void)[] = [];
  private readonly owner: string;
  private readonly hasFailureWire: boolean;
  private outbox: OutboxState | undefined;
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
    this.openOutbox();
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
    const [peerId, peer] = this.peerOf(message);
    const object = objectOf(message, this.settings.objectFrom);
    if (object === undefined) throw new OutFailed('noObject');
    const changes = this.changesOf(message);
    const { queueId, sopInstanceUID, place } = object;
    const weight = queueId === undefined ? this.weigh(message) : 0;
    const held = queueId === undefined ? undefined : await this.hold(queueId);
    const id = queueId === undefined ? randomUUID() : this.idOf(queueId, peerId);
    const waiting: Waiting = { id, message, send, done, peer, held, weight };
    if (this.isClosed) {
      await this.giveBack(waiting);
      return;
    }
    // The same object once more, as it was delivered again: the earlier one goes on, this one waits with it.
    const key = this.waiting.has(id) ? `${id} ${randomUUID()}` : id;
    this.waiting.set(key, waiting);
    this.display.refresh();
    const sending: Omit<Sending, 'settled'> = {
      id: this.senderId(key),
      peer: peerId,
      place,
      policy: this.policy(answerTimeLeft(message, held)),
      ...(changes === undefined ? sopInstanceUID !== undefined && { sopInstanceUID } : { changes }),
      ...(held && { openObject: (port) => held.open(port) }),
    };
    if (this.settings.mode === 'wait') this.send(key, waiting, sending);
    else this.store(key, waiting, sending);
  }

  private send(key: string, waiting: Waiting, sending: Omit<Sending, 'settled'>): void {
    senderOf(this.RED).send({
      ...sending,
      settled: (outcome) => this.finish(key, () => this.settled(waiting, outcome)),
    });
  }

  private store(key: string, waiting: Waiting, sending: Omit<Sending, 'settled'>): void {
    const settled = (outcome: SendOutcome): void => {
      // It stays in flight, which holds up its queue, until there is room.
      if (outcome.failure === 'noRoom' && waiting.held !== undefined && !this.isClosed) {
        waiting.again = setTimeout(() => this.store(key, waiting, sending), ROOM_MS);
        return;
      }
      this.finish(key, () => this.stored(waiting, outcome));
    };
    const note = noteOf(waiting.id, sending.peer, waiting.message, sending.changes !== undefined);
    senderOf(this.RED).store({ ...sending, settled }, this.node.id, note);
  }

  private finish(key: string, settle: () => Promise<void>): void {
    this.waiting.delete(key);
    settle().catch((error: unknown) => this.boundary.failed(error));
  }

  /** @throws OutFailed */
  private peerOf({ peer: named }: SendingMessage): [id: string, peer: PeerOwner] {
    const { peer: configured, peersFromMessage } = this.settings;
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
    return [id, peer];
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
  private weigh(message: SendingMessage): number {
    const others = [...this.waiting.values()].filter(({ held }) => held === undefined);
    const weight = weightOf(message);
    const bytes = others.reduce((total, other) => total + other.weight, weight);
    const isBeyond = others.length >= this.settings.maxWaiting || bytes > MOST_WAITING_BYTES;
    if (others.length > 0 && isBeyond) throw new OutFailed('busy', { max: others.length });
    return weight;
  }

  /** @throws OutFailed */
  private async hold(queueId: string): Promise<HeldObject> {
    const held = await holdObject(queueId, this.owner);
    if (held === undefined) throw new OutFailed('objectGone');
    return held;
  }

  /** The same for the same object, over restarts. */
  private idOf(queueId: string, peerId: string): string {
    return createHash('sha256').update(`${this.node.id}\n${peerId}\n${queueId}`).digest('hex').slice(0, 32);
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

  /**
   * The flow hears first, then the queue: where the process ends in between, the object comes again, and is sent again under
   * the same id.
   */
  private async settled(waiting: Waiting, outcome: SendOutcome): Promise<void> {
    const { message, peer, id } = waiting;
    message.dicom = { ...message.dicom, sent: sentOf(id, peer.name, outcome) };
    await this.goOn(waiting, outcome);
  }

  /** The object is safe in the outbox, or cannot be. */
  private async stored(waiting: Waiting, outcome: SendOutcome): Promise<void> {
    const { message, peer, id } = waiting;
    const { kind, warnings } = outcome;
    if (kind === 'sent')
      message.dicom = { ...message.dicom, stored: { id, peer: peer.name, ...(warnings && { warnings }) } };
    await this.goOn(waiting, outcome);
  }

  private async goOn({ message, send, done, held }: Waiting, outcome: SendOutcome): Promise<void> {
    this.display.refresh();
    const failed = outcome.kind === 'failed' ? failureOf(outcome) : undefined;
    if (failed === undefined) send(message);
    try {
      await held?.done(this.settings.acknowledge ? commandStatusOf(outcome) : undefined);
    } catch (error) {
      if (!(error instanceof NotAcknowledged || isUnheard(error))) throw error;
      if (failed === undefined) {
        done(outError(this.text, new OutFailed('acknowledgeFailed')));
        return;
      }
    }
    if (failed === undefined) done();
    else this.fail(message, send, done, failed);
  }

  /** To the second output where that is wired, else to a Catch node. */
  private fail(message: SendingMessage, send: Send, done: Done, failed: OutFailed): void {
    const error = outError(this.text, failed);
    if (!this.hasFailureWire) {
      done(error);
      return;
    }
    const { topic, dicom, _msgid } = message as SendingMessage & { topic?: unknown };
    const { code } = error as Error & { code: string };
    send([null, { topic, dicom, _msgid, error: { message: error.message, code } }]);
    done();
  }

  /** A message that could not be begun with. */
  private refuse(message: SendingMessage, send: Send, done: Done, error: unknown): void {
    if (error instanceof OutFailed) this.fail(message, send, done, error);
    else if (isUnheard(error)) this.fail(message, send, done, new OutFailed('objectGone'));
    else done(asError(error));
  }

  /** What became of an object of the outbox, later than its message went on. */
  private told(note: OutboxNote, outcome: SendOutcome, redelivered: number): void {
    const { topic, messageId: _msgid, sentId, peer } = note;
    const name = deployedNodes.get(peer, PeerOwner)?.name ?? peer;
    const sent = { ...sentOf(sentId, name, outcome), ...(redelivered > 0 && { redelivered }) };
    const message = { topic, dicom: { ...note.dicom, sent }, _msgid } as NodeMessage;
    const error = outcome.kind === 'failed' ? outError(this.text, failureOf(outcome)) : undefined;
    const { code } = (error ?? {}) as { code?: string };
    if (this.hasFailureWire)
      this.node.send([null, { ...message, ...(error && { error: { message: error.message, code } }) }]);
    else if (error !== undefined) this.node.error(error, message);
  }

  /** The same event as dicom-in's. Its failure has been told of before. */
  private setAside(id: string, text: string, facts: LetterFacts): void {
    if (!this.hasFailureWire) return;
    const event = { at: new Date().toISOString(), event: 'dead-letter', queueId: `${this.node.id}:${id}` };
    this.node.send([null, { topic: event.event, payload: { ...event, text, ...facts } }]);
  }

  /** Of its outbox; undefined: it has none. */
  get deadLetterBox(): DeadLetterBox | undefined {
    const id = this.outboxConfig()?.id;
    if (id === undefined) return undefined;
    const sender = senderOf(this.RED);
    return {
      deadLetters: (page) => sender.ask('deadLetters', id, page),
      requeue: (letter) => sender.ask('requeue', id, letter),
      discard: (letter) => sender.ask('discard', id, letter),
    };
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

  /** Undefined: the node has none. */
  private outboxConfig(): OutboxConfig | undefined {
    const { mode, outboxDirectory, maxQueued, minFreeDiskMB } = this.settings;
    if (mode === 'wait' || this.invalid !== undefined) return undefined;
    return {
      id: this.node.id,
      directory: nodeDirectory(this.RED, this.node.id, outboxDirectory),
      maxObjects: maxQueued,
      minFreeBytes: minFreeDiskMB * BYTES_PER_MEGABYTE,
      policy: this.policy(Infinity),
    };
  }

  private openOutbox(): void {
    const config = this.outboxConfig();
    if (config === undefined) return;
    senderOf(this.RED).addOutbox(config, {
      state: (state) => {
        if (state.problem !== undefined && state.problem !== this.outbox?.problem)
          this.node.error(outError(this.text, new OutFailed('outboxUnavailable', { reason: state.problem })));
        this.outbox = state;
        this.display.refresh();
      },
      outcome: (note, outcome, redelivered) => this.told(note, outcome, redelivered),
      leftover: (text) => this.node.warn(text),
      setAside: (id, why, facts) => this.setAside(id, why, facts),
    });
  }

  private async closeOutbox(isRemoved: boolean): Promise<void> {
    const config = this.outboxConfig();
    if (config === undefined) return;
    await senderOf(this.RED).removeOutbox(config.id);
    if (!isRemoved) return;
    const { directory } = config;
    const found = await removeEmptyQueue(directory, this.settings.outboxDirectory === '');
    if (found === 'holdsObjects') this.node.warn(this.text('warning.outboxKept', { directory }));
  }

  private async close(isRemoved: boolean): Promise<void> {
    this.isClosed = true;
    this.display.close();
    for (const unwatch of this.unwatch) unwatch();
    for (const [key, waiting] of this.waiting) {
      clearTimeout(waiting.again);
      senderOf(this.RED).cancel(this.senderId(key));
      await this.giveBack(waiting);
    }
    this.waiting.clear();
    await senderOf(this.RED).removeJournal(this.node.id);
    if (isRemoved) removeJournalWithNode(this.RED, this.node.id, (error) => this.boundary.failed(error));
    await this.closeOutbox(isRemoved);
  }

  /** What is undecided when the node closes goes back to its queue; what has none is told. */
  private async giveBack({ held, message, done }: Waiting): Promise<void> {
    if (held === undefined) {
      const stopped = outError(this.text, new OutFailed('stopped', { message: message._msgid ?? '' }));
      this.node.warn(stopped.message);
      done(stopped);
      return;
    }
    await held.giveBack().catch((error: unknown) => {
      // A queue that has ended has it still.
      if (!isUnheard(error)) throw error;
    });
    done();
  }

  private status(): OutStatus {
    const states = [this.settings.peer, ...this.settings.peersFromMessage].map(
      (id) => deployedNodes.get(id, PeerOwner)?.state,
    );
    return outStatus(this.text, {
      isInvalid: this.invalid !== undefined,
      outage: states.find((state) => state?.outage !== undefined)?.outage,
      isSending: states.some((state) => (state?.sending ?? 0) > 0),
      waiting: this.waiting.size + (this.outbox?.waiting ?? 0),
      deadLetters: this.outbox?.deadLetters ?? 0,
    });
  }

  private senderId(key: string): string {
    return `${this.node.id} ${key}`;
  }
}
