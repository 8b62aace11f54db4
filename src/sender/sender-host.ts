import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { asError } from '../basics';
import { RequestTimedOut, WorkerHost, WorkerNotRunning, type WorkerNews } from '../worker';
import type { OpenedObject } from '../queue';
import { isSamePeer, type PeerConfig } from './peer-config';
import type { PeerState } from './peer-line';
import type { SenderRequests } from './requests';
import type { SendOutcome } from './send-job';
import type { FromSender, SendRequest, ToSender } from './worker-protocol';

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
  private readonly sendings = new Map<string, Sending>();
  private worker: WorkerHost<undefined, ToSender, FromSender, SenderRequests> | undefined;

  /** @param failed told of what a listener has thrown, and of what becomes of the worker */
  constructor(
    private readonly told: (news: SenderNews) => void,
    private readonly failed: (error: Error) => void,
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

  send(sending: Sending): void {
    this.sendings.set(sending.id, sending);
    this.postSending(sending);
  }

  /** It is not to be sent any more, and nobody hears what becomes of it. */
  cancel(id: string): void {
    if (this.sendings.delete(id)) this.post({ kind: 'cancel', id });
  }

  /** Ends all of it. Nobody hears of what is not settled. */
  async stop(): Promise<void> {
    for (const { going } of this.peers.values()) clearTimeout(going);
    this.peers.clear();
    this.sendings.clear();
    const { worker } = this;
    this.worker = undefined;
    await worker?.stop(STOP_GRACE_MS);
  }

  private drop(id: string): void {
    this.peers.delete(id);
    this.post({ kind: 'peer-gone', id });
    if (this.peers.size === 0) this.stop().catch((error: unknown) => this.failed(asError(error)));
  }

  private running(): void {
    if (this.worker !== undefined) return;
    this.worker = new WorkerHost<undefined, ToSender, FromSender, SenderRequests>(
      { file: join(__dirname, 'worker.js'), name: 'dicom-sender', heapMB: HEAP_MB },
      undefined,
      {
        message: (message) => this.receive(message),
        news: (news) => this.heard(news),
        failed: (error) => this.failed(error),
      },
    );
    this.worker.start();
  }

  private post(message: ToSender): void {
    this.worker?.post(message);
  }

  private postSending({ id, peer, place, policy, sopInstanceUID }: Sending): void {
    const request = { id, peer, place, policy, ...(sopInstanceUID !== undefined && { sopInstanceUID }) };
    this.post({ kind: 'send', request });
  }

  private heard(news: WorkerNews): void {
    if (news.kind === 'started') {
      for (const { config } of this.peers.values()) this.post({ kind: 'peer', peer: config });
      for (const sending of this.sendings.values()) this.postSending(sending);
    }
    this.told(news);
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
        break;
      }
      case 'peer-state':
        this.peers.get(message.id)?.user.state(message.state);
    }
  }

  private async open(id: string): Promise<void> {
    const { port1: theirs, port2: ours } = new MessageChannel();
    try {
      const opened = await this.sendings.get(id)?.openObject?.(theirs);
      if (opened === undefined) throw new Error('the object is not to be sent any more');
      await this.worker?.ask('opened', id, opened, ours);
    } catch (error) {
      ours.close();
      if (error instanceof WorkerNotRunning && this.worker === undefined) return;
      await this.worker?.ask('notOpened', id, asError(error).message).catch((again: unknown) => {
        // A worker that has ended asks again when it is back.
        if (!(again instanceof WorkerNotRunning || again instanceof RequestTimedOut)) throw again;
      });
    }
  }
}
