import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { JournalEntry, LetterFacts } from '../admin-api';
import { asError, whenPassedOn } from '../basics';
import { type Asked, unlessUnheard, WorkerHost, type WorkerNews, WorkerNotRunning } from '../worker';
import type { JournalConfig } from '../journal';
import type { RetrievedConfig } from '../retrieve';
import type { OpenedObject } from '../queue';
import { isForNow } from './for-now';
import { OpenQueries, type Querying } from './open-queries';
import { OpenRetrievals, type Retrieving } from './open-retrievals';
import { isSamePeer, type PeerConfig } from './peer-config';
import type { OutboxConfig, OutboxState } from './outbox';
import type { OutboxNote } from './outbox-entry';
import type { PeerState } from './peer-line';
import { RetrievedHost, type RetrievedUser } from './retrieved-host';
import type { SenderRequests } from './requests';
import type { SendOutcome } from './send-job';
import type { FromSender, SenderConfig, SendRequest, ToSender } from './worker-protocol';

/** What somebody wants sent, on the main thread. */
export interface Sending extends SendRequest {
  /** Opens the object in its queue, where it lies in one, for a reader at the other end of the port. */
  openObject?(port: MessagePort): Promise<OpenedObject>;
  /** Called once, unless it was cancelled. */
  settled(outcome: SendOutcome): void;
}

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

/** Into which outbox an object is to go. */
interface Storing {
  outbox: string;
  note: OutboxNote;
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
  /** With what is to be stored, in which outbox and with which note. */
  private readonly sendings = new Map<string, Sending & Partial<Storing>>();
  private readonly queries = new OpenQueries(
    (message) => this.post(message),
    (error) => this.failed(asError(error)),
  );
  private readonly retrievals = new OpenRetrievals((message) => this.post(message));
  /** By the id of their node. */
  private readonly retrieved = new Map<string, RetrievedHost>();
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
    this.sendings.set(sending.id, sending);
    this.postSending(sending);
  }

  addOutbox(config: OutboxConfig, user: OutboxUser): void {
    this.outboxes.set(config.id, { config, user });
    this.running();
    this.post({ kind: 'outbox', outbox: config });
  }

  /** Objects stay in it. Resolves when another one may have its directory. */
  async removeOutbox(id: string): Promise<void> {
    this.outboxes.delete(id);
    await this.worker?.ask('closeOutbox', id).catch(unlessUnheard);
    await this.stopIfIdle();
  }

  /** Settled as sent once the object is safe in the outbox. */
  store(sending: Sending, outbox: string, note: OutboxNote): void {
    const storing = { ...sending, outbox, note };
    this.sendings.set(sending.id, storing);
    this.postSending(storing);
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
    await this.worker?.ask('closeJournal', id).catch(unlessUnheard);
  }

  /** Asks the sender. @throws as `WorkerHost.ask` */
  ask<Name extends 'deadLetters' | 'requeue' | 'discard' | 'report' | 'journal' | 'journalEntry'>(
    name: Name,
    ...args: Asked<SenderRequests, Name>['args']
  ): Promise<Asked<SenderRequests, Name>['result']> {
    return (
      this.worker?.ask(name, ...args) ?? Promise.reject(new WorkerNotRunning('the worker is not running'))
    );
  }

  /** It is not to be sent any more, and nobody hears what becomes of it. */
  cancel(id: string): void {
    if (!this.sendings.delete(id)) return;
    this.post({ kind: 'cancel', id });
    this.mayStop();
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
      ask: (queue, name, args) =>
        this.worker?.ask('onRetrieved', queue, name, ...args) ??
        Promise.reject(new WorkerNotRunning('the worker is not running')),
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
    await this.worker?.ask('closeRetrieved', id).catch(unlessUnheard);
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

  private postSending({
    id,
    peer,
    place,
    policy,
    sopInstanceUID,
    changes,
    lasting,
    outbox,
    note,
  }: Sending & Partial<Storing>): void {
    const request: SendRequest = {
      id,
      peer,
      place,
      policy,
      ...(sopInstanceUID !== undefined && { sopInstanceUID }),
      ...(changes && { changes }),
      ...(lasting !== undefined && { lasting }),
    };
    if (outbox !== undefined && note !== undefined) this.post({ kind: 'store', request, outbox, note });
    else this.post({ kind: 'send', request });
  }

  /** A worker that has just begun knows nothing. */
  private tellAll(): void {
    for (const { config } of this.peers.values()) this.post({ kind: 'peer', peer: config });
    // Before what they are to have entries of.
    for (const [id, { config: journal }] of this.journals) this.post({ kind: 'journal', id, journal });
    for (const { config } of this.outboxes.values()) this.post({ kind: 'outbox', outbox: config });
    for (const { config: objects } of this.retrieved.values()) this.post({ kind: 'retrieved', objects });
    for (const sending of this.sendings.values()) this.postSending(sending);
    this.queries.tellAll();
    this.retrievals.tellAll();
  }

  private receive(message: FromSender): void {
    switch (message.kind) {
      case 'open':
        this.open(message.id).catch((error: unknown) => this.failed(asError(error)));
        break;
      case 'settled': {
        const sending = this.sendings.get(message.id);
        this.sendings.delete(message.id);
        sending?.settled(message.outcome);
        this.mayStop();
        break;
      }
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

  private async open(id: string): Promise<void> {
    const { port1: theirs, port2: ours } = new MessageChannel();
    try {
      const opened = await this.sendings.get(id)?.openObject?.(theirs);
      if (opened === undefined) throw new Error('the object is no longer to be sent');
      await this.worker?.ask('opened', id, opened, ours);
    } catch (error) {
      ours.close();
      // A worker that has ended asks again when it is back.
      await this.worker?.ask('notOpened', id, asError(error).message, isForNow(error)).catch(unlessUnheard);
    }
  }
}
