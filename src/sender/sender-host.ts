import { join } from 'node:path';
import type { JournalEntry, LetterFacts } from '../admin-api';
import { asError, whenPassedOn } from '../basics';
import { type Asked, unlessUnheard, WorkerHost, type WorkerNews, WorkerNotRunning } from '../worker';
import type { JournalConfig } from '../journal';
import type { RetrievedConfig } from '../retrieve';
import { OpenQueries, type Querying } from './open-queries';
import { OpenRetrievals, type Retrieving } from './open-retrievals';
import { OpenSendings, type Sending } from './open-sendings';
import { isSamePeer, type PeerConfig } from './peer-config';
import type { OutboxConfig, OutboxState } from './outbox';
import type { OutboxNote } from './outbox-entry';
import type { PeerState } from './peer-line';
import { RetrievedHost, type RetrievedUser } from './retrieved-host';
import type { SenderRequests } from './requests';
import type { SendOutcome } from './send-job';
import type { FromSender, SenderConfig, ToSender } from './worker-protocol';

/** Somebody who names a peer. */
export interface PeerUser {
  state(state: PeerState): void;
  /** What it reported of its storage on an association of ours was refused. */
  reportRefused?(text: string): void;
}

/** Somebody who has an outbox. */
export interface OutboxUser {
  state(state: OutboxState): void;
  /** What became of an object; where this does not throw, the outbox is done with it. */
  outcome(note: OutboxNote, outcome: SendOutcome, redelivered: number): void;
  leftover(text: string): void;
  /** Objects in it are for a peer that no node has. @param defined what their notes say of it */
  peerWanted(peer: string, defined: unknown): void;
  /** An object is a dead letter now. */
  setAside(id: string, why: string, facts: LetterFacts): void;
}

interface Journal {
  config: JournalConfig;
  /** It cannot be written. */
  failed(text: string): void;
}

interface Outbox {
  config: OutboxConfig;
  user: OutboxUser;
}

interface Peer {
  config: PeerConfig;
  user: PeerUser;
  /** Runs while no node has it: it may come back with the next flows. */
  going?: NodeJS.Timeout;
}

/** What the host tells of its worker, in the words of `WorkerNews`. */
export type SenderNews = WorkerNews;

/** Of the worker: objects pass through it in pieces. */
const HEAP_MB = 512;
/** What is being sent may be sent in this time. */
const STOP_GRACE_MS = 5_000;
/** A deploy takes down what it starts again. */
const RETURN_MS = 5_000;

/**
 * All outgoing work of this Node-RED, in one worker that runs while there are peers. What a worker that ends has not settled
 * is given to the next one.
 */
export class SenderHost {
  private readonly peers = new Map<string, Peer>();
  private readonly outboxes = new Map<string, Outbox>();
  private readonly journals = new Map<string, Journal>();
  private readonly sendings = new OpenSendings({
    post: (message) => this.post(message),
    ask: (name, ...args) => this.call(name, ...args),
  });
  private readonly queries = new OpenQueries(
    (message) => this.post(message),
    (error) => this.failed(asError(error)),
  );
  private readonly retrievals = new OpenRetrievals((message) => this.post(message));
  /** By the id of their node. */
  private readonly retrieved = new Map<string, RetrievedHost>();
  /** What becomes of objects while flows are stopped; undefined: they run. */
  private heldBack: FromSender[] | undefined;
  private worker: WorkerHost<SenderConfig, ToSender, FromSender, SenderRequests> | undefined;

  /** @param failed told of what a listener has thrown, and of what becomes of the worker */
  constructor(
    private readonly told: (news: SenderNews) => void,
    private readonly failed: (error: Error) => void,
    private readonly config: SenderConfig = {},
  ) {}

  /** A node has this peer now. One of the same id and settings keeps its associations. */
  addPeer(config: PeerConfig, user: PeerUser): void {
    const before = this.peers.get(config.id);
    clearTimeout(before?.going);
    this.peers.set(config.id, { config, user });
    this.running();
    if (before === undefined || !isSamePeer(before.config, config)) this.post({ kind: 'peer', peer: config });
  }

  /** The node is closed. Unless it comes back, the peer's associations end. */
  removePeer(id: string, user: PeerUser): void {
    const peer = this.peers.get(id);
    if (peer?.user !== user) return;
    peer.going = setTimeout(() => this.drop(id), RETURN_MS);
  }

  /** Nobody comes back to it: its associations end now. */
  endPeer(id: string, user: PeerUser): void {
    if (this.peers.get(id)?.user === user) this.drop(id);
  }

  send(sending: Sending): void {
    this.sendings.send(sending);
  }

  addOutbox(config: OutboxConfig, user: OutboxUser): void {
    this.outboxes.set(config.id, { config, user });
    this.running();
    this.post({ kind: 'outbox', outbox: config });
  }

  /** Nodes of the flow are being deployed, and a message for one of them would be dropped: nobody hears of outcomes until `goOn`. */
  hold(): void {
    this.heldBack ??= [];
  }

  goOn(): void {
    const held = this.heldBack ?? [];
    this.heldBack = undefined;
    for (const message of held) this.receive(message);
  }

  /** Objects stay in it. Resolves when another one may have its directory. */
  async removeOutbox(id: string): Promise<void> {
    this.outboxes.delete(id);
    // The next one tells of it.
    this.heldBack = this.heldBack?.filter((each) => each.kind !== 'outcome' || each.outbox !== id);
    await this.call('closeOutbox', id).catch(unlessUnheard);
    await this.stopIfIdle();
  }

  /** Settled as sent once the object is safe in the outbox. */
  store(sending: Sending, outbox: string, note: OutboxNote): void {
    this.sendings.store(sending, outbox, note);
  }

  /** A node keeps a journal of what it sends from now on. @param failed it cannot be written: told once */
  addJournal(id: string, config: JournalConfig, failed: (text: string) => void): void {
    this.journals.set(id, { config, failed });
    this.post({ kind: 'journal', id, journal: config });
  }

  /** Something for the journal of a node, of which the sender does not hear otherwise. */
  note(id: string, entry: JournalEntry): void {
    if (this.journals.has(id)) this.post({ kind: 'note', id, entry });
  }

  /** Resolves when nothing more is written to it. */
  async removeJournal(id: string): Promise<void> {
    this.journals.delete(id);
    await this.call('closeJournal', id).catch(unlessUnheard);
  }

  /** Asks the sender. @throws as `WorkerHost.ask` */
  ask<Name extends 'deadLetters' | 'requeue' | 'discard' | 'report' | 'journal' | 'journalEntry'>(
    name: Name,
    ...args: Asked<SenderRequests, Name>['args']
  ): Promise<Asked<SenderRequests, Name>['result']> {
    return this.call(name, ...args);
  }

  private async call<Name extends keyof SenderRequests>(
    name: Name,
    ...args: Asked<SenderRequests, Name>['args']
  ): Promise<Asked<SenderRequests, Name>['result']> {
    if (this.worker === undefined) throw new WorkerNotRunning('the worker is not running');
    return this.worker.ask(name, ...args);
  }

  /** It is not to be sent any more, and nobody hears what becomes of it. */
  cancel(id: string): void {
    if (this.sendings.cancel(id)) this.mayStop();
  }

  /** The flow and the queue of an object have heard what became of it. @param lasting as `SendRequest` has it */
  forget(lasting: string): void {
    this.post({ kind: 'forget', lasting });
  }

  query(querying: Querying): void {
    this.queries.add(querying);
  }

  /** It is to end with what there is; it is `ended` then. */
  cancelQuery(id: string): void {
    this.queries.cancel(id);
  }

  retrieve(retrieving: Retrieving): void {
    this.retrievals.add(retrieving);
  }

  /** It is to end with what there is; it is `ended` then. */
  cancelRetrieve(id: string): void {
    this.retrievals.cancel(id);
  }

  /** A node has a queue for what C-GETs bring. */
  addRetrieved(config: RetrievedConfig, user: RetrievedUser): RetrievedHost {
    const host = new RetrievedHost(config, user, {
      post: (message) => this.post(message),
      ask: (queue, name, args) => this.call('onRetrieved', queue, name, ...args),
    });
    this.retrieved.set(config.id, host);
    this.running();
    this.post({ kind: 'retrieved', objects: config });
    return host;
  }

  /** Objects stay in it. Resolves when another one may have its directory. */
  async removeRetrieved(host: RetrievedHost): Promise<void> {
    host.stop();
    const { id } = host.config;
    if (this.retrieved.get(id) === host) this.retrieved.delete(id);
    await this.call('closeRetrieved', id).catch(unlessUnheard);
    await this.stopIfIdle();
  }

  /** Ends all of it. Nobody hears of what is not settled. */
  async stop(): Promise<void> {
    this.journals.clear();
    await this.rest();
  }

  /** Without a worker, until there is something to be sent again. */
  private async rest(): Promise<void> {
    for (const { going } of this.peers.values()) clearTimeout(going);
    this.peers.clear();
    this.outboxes.clear();
    this.sendings.clear();
    this.queries.lose('Node-RED stops sending');
    this.retrievals.lose('Node-RED stops sending');
    this.retrieved.clear();
    const { worker } = this;
    this.worker = undefined;
    await worker?.stop(STOP_GRACE_MS);
  }

  private drop(id: string): void {
    this.peers.delete(id);
    this.post({ kind: 'peer-gone', id });
    this.mayStop();
  }

  private mayStop(): void {
    this.stopIfIdle().catch((error: unknown) => this.failed(asError(error)));
  }

  private async stopIfIdle(): Promise<void> {
    const users = this.peers.size + this.outboxes.size + this.retrieved.size;
    // What is for a peer that is gone has an outcome, too.
    if (users + this.sendings.size === 0) await this.rest();
  }

  private running(): void {
    if (this.worker !== undefined) return;
    this.worker = new WorkerHost<SenderConfig, ToSender, FromSender, SenderRequests>(
      { file: join(__dirname, 'worker.js'), name: 'dicom-sender', heapMB: HEAP_MB },
      this.config,
      {
        message: (message) => this.receive(message),
        started: () => this.tellAll(),
        news: (news) => {
          if (news.kind === 'ended') this.lost();
          this.told(news);
        },
        failed: (error) => this.failed(error),
      },
    );
    this.worker.start();
  }

  /** The worker has ended, and what it had not told is not known. */
  private lost(): void {
    for (const host of this.retrieved.values()) host.lost();
    this.queries.lose('the worker ended');
    this.retrievals.lose('the worker ended');
  }

  private post(message: ToSender): void {
    this.worker?.post(message);
  }

  /** A worker that has just begun knows nothing. */
  private tellAll(): void {
    for (const { config } of this.peers.values()) this.post({ kind: 'peer', peer: config });
    // Before what they are to have entries of.
    for (const [id, { config: journal }] of this.journals) this.post({ kind: 'journal', id, journal });
    for (const { config } of this.outboxes.values()) this.post({ kind: 'outbox', outbox: config });
    for (const { config: objects } of this.retrieved.values()) this.post({ kind: 'retrieved', objects });
    this.sendings.tellAll();
    this.queries.tellAll();
    this.retrievals.tellAll();
  }

  private receive(message: FromSender): void {
    if (this.heldBack !== undefined && (message.kind === 'settled' || message.kind === 'outcome')) {
      this.heldBack.push(message);
      return;
    }
    switch (message.kind) {
      case 'open':
        this.sendings.open(message.id).catch((error: unknown) => this.failed(asError(error)));
        break;
      case 'settled':
        this.sendings.settled(message.id, message.outcome);
        this.mayStop();
        break;
      case 'matches':
        this.queries.found(message.id, message.matches);
        break;
      case 'query-ended':
        this.queries.ended(message.id, message.end);
        break;
      case 'retrieve-progress':
        this.retrievals.progress(message.id, message.counts);
        break;
      case 'retrieve-ended':
        this.retrievals.ended(message.id, message.end);
        break;
      case 'retrieved-delivery':
      case 'retrieved-state':
      case 'retrieved-fault':
        this.retrieved.get(message.queue)?.receive(message);
        break;
      case 'peer-state':
        this.peers.get(message.id)?.user.state(message.state);
        break;
      case 'report-refused':
        this.peers.get(message.id)?.user.reportRefused?.(message.text);
        break;
      case 'outbox-state':
        this.outboxes.get(message.id)?.user.state(message.state);
        break;
      case 'outbox-leftover':
        this.outboxes.get(message.id)?.user.leftover(message.text);
        break;
      case 'peer-wanted':
        this.outboxes.get(message.outbox)?.user.peerWanted(message.peer, message.defined);
        break;
      case 'outcomes-failed':
        this.failed(new Error(`outcomes cannot be kept on the disk: ${message.text}`));
        break;
      case 'journal-failed':
        this.journals.get(message.id)?.failed(message.text);
        break;
      case 'dead-letter':
        this.outboxes.get(message.outbox)?.user.setAside(message.id, message.why, message.facts);
        break;
      case 'outcome': {
        const { outbox, id, note, outcome, redelivered } = message;
        const user = this.outboxes.get(outbox)?.user;
        if (user === undefined) return;
        user.outcome(note, outcome, redelivered);
        // As with deliveries: only a message that its first node can have got is one that the flow has heard.
        whenPassedOn(() => this.post({ kind: 'told', outbox, id }));
      }
    }
  }
}
