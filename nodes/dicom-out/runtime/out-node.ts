import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { DICOM_OUT, type DicomOutProblem, type DicomOutSettings } from '../../../src/settings';
import { asError, soManyAtATime } from '../../../src/basics';
import type { SendOutcome } from '../../../src/sender';
import { Boundary, isUnheard } from '../../../src/worker';
import type { DeadLetterBox, JournalBox } from '../../runtime/routes';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { tellOfLeftQueues } from '../../runtime/queues';
import {
  factsIn,
  type HeldObject,
  leave,
  type ListedInstance,
  type ObjectMessage,
  Postponed,
  weightOf,
  weightOfList,
} from '../../runtime/objects';
import { DefinedPeers, type UsedPeer } from './defined-peers';
import { journalDirectory, removeJournalWithNode } from '../../runtime/journals';
import { settingsFailure } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { onInput } from '../../runtime/on-input';
import { PeerOwner, senderOf } from '../../runtime/peers';
import { runNode } from '../../runtime/run-node';
import { StatusDisplay } from '../../runtime/status-display';
import { AwaitingRoom } from './awaiting-room';
import { listIn, messagesOfList } from './list-in';
import { ListSending } from './list-sending';
import { peerOf } from './message-peer';
import { NodeOutbox } from './node-outbox';
import { NotBegun } from './not-begun';
import { ObjectSending, retryPolicy, type Prepared } from './object-sending';
import { errorFacts, outError, OutFailed } from './out-error';
import { outJournal } from './out-journal';
import { outStatus, type OutStatus } from './out-status';
import { failureOf } from './outcome-facts';
import { RejectingPeers } from './rejecting-peers';
import { WaitingLoad } from './waiting-load';
import { tellUncaused, warnOfSettings } from '../../runtime/tell';

type Send = (message: (NodeMessage | null)[] | NodeMessage) => void;
type Done = (error?: Error) => void;

const MOST_POSTPONED_AT_ONCE = 64;

/** A deployed `dicom-out` node: joins the sender with messages, and with the queues in which their objects lie. */
export class OutNode {
  private readonly text: Text;
  private readonly settings: DicomOutSettings;
  private readonly problems: DicomOutProblem[];
  private readonly display: StatusDisplay<OutStatus>;
  private readonly boundary = new Boundary((error) => this.node.error(error.message));
  private readonly sending: ObjectSending;
  private readonly notBegun: NotBegun;
  private readonly load: WaitingLoad;
  private readonly postponed = new Postponed();
  private readonly awaitingRoom = new AwaitingRoom((error) => this.boundary.failed(error));
  private readonly lists = new Map<ListSending<Prepared>, Promise<void>>();
  private readonly unwatch: (() => void)[] = [];
  private readonly rejecting = new RejectingPeers(
    this.boundary.wrap((peer, reason) =>
      tellUncaused(this.node, outError(this.text, new OutFailed('peerRejects', { peer, reason }))),
    ),
  );
  private readonly hasFailureWire: boolean;
  /** Undefined: the node has none. */
  private readonly outbox: NodeOutbox | undefined;
  private isStarted = false;
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
    this.load = new WaitingLoad(this.settings.maxWaiting);
    this.sending = new ObjectSending(RED, node.id, this.settings, {
      changed: () => this.display.refresh(),
      notBegun: (message, failed, peer) => this.notBegun.note(message, failed, peer),
    });
    this.notBegun = new NotBegun(RED, node.id, this.text, (message, status, comesWithList) =>
      this.sending.failNotBegun(message, status, comesWithList),
    );
    this.display = new StatusDisplay(
      () => this.status(),
      this.boundary.wrap((status) => node.status(status)),
    );
    if (this.settings.mode !== 'wait' && this.invalid === undefined)
      this.outbox = new NodeOutbox(RED, node, this.settings, retryPolicy(this.settings, Infinity), {
        text: this.text,
        hasFailureWire: this.hasFailureWire,
        boundary: this.boundary,
        changed: () => this.outboxChanged(),
      });
  }

  private outboxChanged(): void {
    if (this.outbox?.mayHaveRoom === true) this.awaitingRoom.mayHaveRoom();
    this.display.refresh();
  }

  run(): void {
    const { boundary } = this;
    runNode(this.RED, this.node, this, {
      boundary,
      started: () => this.flowsStarted(),
      eachStart: [() => senderOf(this.RED).goOn(), () => this.getBack()],
      eachStop: [() => senderOf(this.RED).hold()],
      close: (isRemoved) => this.close(isRemoved),
    });
    onInput(this.node, (message, send, done) => {
      this.take(message as ObjectMessage, send as Send, done)
        .catch((error: unknown) => this.refuse(message as ObjectMessage, send as Send, done, error))
        .catch((error: unknown) => done(asError(error)));
    });
    this.display.refresh();
  }

  private flowsStarted(): void {
    this.isStarted = true;
    warnOfSettings(this.node, this.text, this.problems);
    if (this.invalid !== undefined) tellUncaused(this.node, outError(this.text, this.invalid));
    for (const [id, peer] of deployedNodes.entries(PeerOwner)) {
      this.unwatch.push(peer.watch(() => this.display.refresh()));
      if (!this.peerIds.includes(id)) continue;
      this.unwatch.push(peer.watchReports((text) => this.reportRefused(peer, text)));
      this.unwatch.push(peer.watch(() => this.rejecting.changed(peer)));
    }
    this.openJournal();
    this.outbox?.open();
    if (this.invalid === undefined)
      this.tellOfLeftOutboxes().catch((error: unknown) => this.boundary.failed(error));
    this.display.refresh();
  }

  /** At each start of flows: a queue may have been deployed after this node. */
  private getBack(): void {
    this.sending.getBack().catch((error: unknown) => this.boundary.failed(error));
  }

  private async tellOfLeftOutboxes(): Promise<void> {
    const queue = { set: this.settings.outboxDirectory, isUsed: this.outbox !== undefined };
    await tellOfLeftQueues(this.RED, this.node, queue, (directory) =>
      this.text('warning.outboxLeft', { directory }),
    );
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): OutFailed | undefined {
    return settingsFailure(OutFailed, errorTexts(this.text, this.problems));
  }

  /** @throws OutFailed; what a queue that cannot be asked throws */
  private async take(message: ObjectMessage, send: Send, done: Done): Promise<void> {
    if (this.invalid !== undefined) throw this.invalid;
    const to = await peerOf(this.RED, this.settings, message);
    try {
      const instances = listIn(message, this.settings.objectFrom);
      if (instances === undefined) await this.takeObject(message, to, send, done);
      else await this.takeList(instances, message, to, send, done);
    } finally {
      to.release();
    }
  }

  private async takeObject(message: ObjectMessage, to: UsedPeer, send: Send, done: Done): Promise<void> {
    const prepared = await this.sending.prepare(message, to);
    const unload = this.load.add(weightOf(message));
    if (unload === undefined) {
      if (prepared.held === undefined) throw this.busy();
      await this.postponed.add(prepared.held);
      this.display.refresh();
      done();
      return;
    }
    try {
      let isTold = false;
      // The flow hears first, then the queue: where the process ends in between, the object comes again.
      const heard = (id: string, outcome: SendOutcome): void => {
        message.dicom = { ...factsIn(message), ...this.sending.facts(id, to.peer, outcome) };
        if (outcome.kind === 'sent') {
          send(message);
          return;
        }
        isTold = true;
        this.fail(message, send, done, failureOf(outcome));
      };
      const postpone = (held: HeldObject): Promise<void> => this.awaitingRoom.add(held);
      const failed = await this.sending.deliver(prepared, performance.now(), heard, postpone);
      if (isTold) return;
      if (failed === undefined) done();
      else this.fail(message, send, done, failed);
    } finally {
      unload();
      await this.postponed.next();
    }
  }

  private busy(): OutFailed {
    return new OutFailed(this.load.isAtMost ? 'busy' : 'busyBytes', { max: this.load.size });
  }

  /** One outcome for each instance, which its queue hears at once, and the message when there are all. */
  private async takeList(
    instances: readonly ListedInstance[],
    message: ObjectMessage,
    to: UsedPeer,
    send: Send,
    done: Done,
  ): Promise<void> {
    const unload = this.load.add(weightOfList(instances));
    if (unload === undefined) {
      await this.postponeList(instances, to);
      done();
      return;
    }
    const list = new ListSending<Prepared>(
      {
        isClosed: () => this.isClosed,
        prepare: (each) => this.sending.prepare(each, to),
        deliver: (prepared, since, heard) => this.sending.deliver(prepared, since, heard),
        facts: (id, outcome) => this.sending.facts(id, to.peer, outcome),
        error: (failed) => errorFacts(this.text, failed),
        notBegun: (each, failed) => {
          this.notBegun.note(each, failed, to.peer.name);
          this.notBegun.tellInstance(each, failed).catch((error: unknown) => this.boundary.failed(error));
        },
        failed: (each, failed) => {
          if (this.hasFailureWire) send([null, this.failureMessage(each, failed)]);
        },
      },
      instances,
    );
    let study: HeldObject | undefined;
    const running = this.sending
      .holdStudy(message)
      .then((held) => (study = held))
      .then(() => list.run());
    this.lists.set(list, running);
    try {
      await running;
    } finally {
      this.lists.delete(list);
      unload();
      await this.postponed.next();
    }
    this.display.refresh();
    const { instances: count, done: final, failed, ...totals } = list.totals;
    if (!list.isFinal) {
      await leave(study);
      this.stopped(done, new OutFailed('listStopped', { message: message._msgid ?? '', count, final }));
      return;
    }
    const became = this.settings.mode === 'wait' ? 'sent' : 'stored';
    const summary = { peer: to.peer.name, instances: count, [became]: final, failed, ...totals };
    message.dicom = { ...factsIn(message), [became]: summary };
    send(message);
    // Of each instance its own queue knows what has become.
    const isHeard = await this.sending.doneWithStudy(study, list.unheard);
    const reason = list.firstFailure && outError(this.text, list.firstFailure).message;
    if (reason !== undefined && !this.hasFailureWire)
      done(outError(this.text, new OutFailed('instancesFailed', { count, failed, reason })));
    else if (list.notAcknowledged > 0 || !isHeard)
      done(outError(this.text, new OutFailed('acknowledgeFailed')));
    else done();
  }

  /**
   * There is no room for a list: objects of queues come again when there is, each by itself.
   * @throws OutFailed `busy` where some are in no queue
   */
  private async postponeList(instances: readonly ListedInstance[], to: UsedPeer): Promise<void> {
    const busy = this.busy();
    let left = 0;
    await soManyAtATime(MOST_POSTPONED_AT_ONCE, instances, async ({ message }) => {
      const held = await this.sending.heldOf(message, to);
      if (held === undefined) left += 1;
      else await this.postponed.add(held);
    });
    this.display.refresh();
    if (left > 0) throw busy;
  }

  /** To the second output where that is wired, else to a Catch node. */
  private fail(message: ObjectMessage, send: Send, done: Done, failed: OutFailed): void {
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

  /** Without the payload, which may be the object; whoever waits further on, such as an http response, can hear of it. */
  private failureMessage(message: ObjectMessage, failed: OutFailed): NodeMessage {
    const failure: NodeMessage = { ...message, error: errorFacts(this.text, failed) };
    delete failure.payload;
    return failure;
  }

  /** A message that could not be begun with. */
  private refuse(message: ObjectMessage, send: Send, done: Done, error: unknown): void {
    const failed = isUnheard(error) ? new OutFailed('objectGone') : error;
    if (!(failed instanceof OutFailed)) {
      done(asError(error));
      this.tellNotBegun(message);
      return;
    }
    if (failed.failure === 'stopped') {
      this.stopped(done, failed);
      return;
    }
    this.notBegun.note(message, failed);
    try {
      this.fail(message, send, done, failed);
    } finally {
      this.tellNotBegun(message, failed);
    }
  }

  /** @param failed undefined: for a reason that nobody knows */
  private tellNotBegun(message: ObjectMessage, failed?: OutFailed): void {
    this.notBegun
      .tell(message, messagesOfList(message, this.settings.objectFrom), failed)
      .catch((error: unknown) => this.boundary.failed(error));
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
    await this.postponed.close();
    await this.awaitingRoom.close();
    await this.sending.close();
    // They give back what they had not begun with.
    await Promise.all(this.lists.values());
    await senderOf(this.RED).removeJournal(this.node.id);
    if (isRemoved) removeJournalWithNode(this.RED, this.node.id, (error) => this.boundary.failed(error));
    await this.outbox?.close(isRemoved);
    DefinedPeers.of(this.RED).endUnused();
  }

  private status(): OutStatus {
    const named = this.peerIds.map((id) => deployedNodes.get(id, PeerOwner));
    const states = [...new Set([...named, ...this.sending.peers])].map((peer) => peer?.state);
    return outStatus(this.text, {
      isInvalid: this.invalid !== undefined,
      // Before flows have started, its peers have not.
      hasUnusablePeer:
        this.isStarted && named.some((peer) => peer === undefined || peer.problem !== undefined),
      outage: states.find((state) => state?.outage !== undefined)?.outage,
      isSending: states.some((state) => (state?.sending ?? 0) > 0),
      waiting: this.sending.size + this.notDone + (this.outbox?.state?.waiting ?? 0),
      deadLetters: this.outbox?.state?.deadLetters ?? 0,
    });
  }

  /** That the settings name. */
  private get peerIds(): string[] {
    return [this.settings.peer, ...this.settings.peersFromMessage];
  }

  /** What a peer said of its storage, on an association of ours, was of no use. The peer has been told. */
  private reportRefused({ name: peer }: PeerOwner, text: string): void {
    const words = this.text('warning.reportRefused', { peer, reason: text });
    if (!this.hasFailureWire) {
      this.node.warn(words);
      return;
    }
    const event = 'report-refused';
    this.node.send([null, { topic: event, payload: { at: new Date().toISOString(), event, peer, text } }]);
  }

  /** That come again, or are instances of lists. */
  private get notDone(): number {
    const ofLists = [...this.lists.keys()].reduce((total, list) => total + list.notBegun, 0);
    return ofLists + this.postponed.size + this.awaitingRoom.size;
  }
}
