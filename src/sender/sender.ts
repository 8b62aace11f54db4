import type { MessagePort } from 'node:worker_threads';
import { openBytes, openFile, openHandle, type OutgoingObject } from '../object';
import { remoteHandle, type OpenedObject } from '../queue';
import { isSamePeer, type PeerConfig } from './peer-config';
import { PeerLine } from './peer-line';
import type { SendJob } from './send-job';
import type { SenderRequests } from './requests';
import type { FromSender, SendRequest, ToSender } from './worker-protocol';

/** Somebody who waits for an object to be opened in its queue. */
interface Opening {
  resolve(object: Promise<OutgoingObject>): void;
  reject(error: Error): void;
}

/** Why the host could not open an object. */
export class NotOpened extends Error {
  override readonly name = 'NotOpened';
}

/** Where an object should be, there is another one. */
class NotTheObject extends Error {
  override readonly name = 'NotTheObject';
  readonly code = 'not-the-object';
}

/** All outgoing work, in its worker: a line for each peer. */
export class Sender implements SenderRequests {
  private readonly lines = new Map<string, PeerLine>();
  /** Those of peers that have changed, or are gone: they finish what they are sending. */
  private readonly ending = new Map<PeerLine, Promise<void>>();
  private readonly openings = new Map<string, Opening>();

  constructor(private readonly tell: (message: FromSender) => void) {}

  take(message: ToSender): void {
    switch (message.kind) {
      case 'peer':
        this.setPeer(message.peer);
        break;
      case 'peer-gone':
        this.dropPeer(message.id);
        break;
      case 'send':
        this.send(message.request);
        break;
      case 'cancel':
        for (const line of this.lines.values()) line.cancel(message.id);
    }
  }

  opened(id: string, object: OpenedObject, port: MessagePort): void {
    const handle = remoteHandle(object, port);
    const opening = this.openings.get(id);
    this.openings.delete(id);
    if (opening === undefined) handle.close();
    else opening.resolve(openHandle(handle));
  }

  notOpened(id: string, reason: string): void {
    this.openings.get(id)?.reject(new NotOpened(reason));
    this.openings.delete(id);
  }

  /** What is being sent may be sent within the grace. The host knows what has not been settled. */
  async stop(graceMs: number): Promise<void> {
    for (const id of [...this.lines.keys()]) this.dropPeer(id);
    const late = setTimeout(() => {
      for (const line of this.ending.keys()) line.abort('Node-RED stops');
    }, graceMs);
    await Promise.all(this.ending.values());
    clearTimeout(late);
  }

  private setPeer(config: PeerConfig): void {
    const before = this.lines.get(config.id);
    if (before !== undefined && isSamePeer(before.config, config)) return;
    const { id } = config;
    const line = new PeerLine(config, () => this.tell({ kind: 'peer-state', id, state: line.state }));
    this.lines.set(id, line);
    // What has not been sent goes to where the peer is now.
    for (const job of before?.withdraw() ?? []) line.submit(job);
    if (before !== undefined) this.close(before);
  }

  private dropPeer(id: string): void {
    const line = this.lines.get(id);
    this.lines.delete(id);
    if (line !== undefined) this.close(line);
  }

  private close(line: PeerLine): void {
    this.ending.set(
      line,
      line.close().finally(() => this.ending.delete(line)),
    );
  }

  private send(request: SendRequest): void {
    const line = this.lines.get(request.peer);
    const job = this.job(request);
    if (line !== undefined) line.submit(job);
    else
      job.settled({
        kind: 'failed',
        failure: 'cancelled',
        text: 'the peer is not deployed any more',
        attempts: 0,
        milliseconds: 0,
      });
  }

  private job(request: SendRequest): SendJob {
    const { id, policy } = request;
    return {
      id,
      policy,
      isChanged: false,
      open: async () => expected(request, await this.open(request)),
      settled: (outcome) => this.tell({ kind: 'settled', id, outcome }),
    };
  }

  private open({ id, place }: SendRequest): Promise<OutgoingObject> {
    switch (place.kind) {
      case 'file':
        return openFile(place.path);
      case 'bytes':
        return openBytes(Buffer.from(place.bytes.buffer, place.bytes.byteOffset, place.bytes.byteLength));
      case 'queue':
        return new Promise((resolve, reject) => {
          this.openings.set(id, { resolve, reject });
          this.tell({ kind: 'open', id });
        });
    }
  }
}

/** @throws NotTheObject */
async function expected({ sopInstanceUID }: SendRequest, object: OutgoingObject): Promise<OutgoingObject> {
  if (sopInstanceUID === undefined || object.sopInstanceUID === sopInstanceUID) return object;
  await object.close();
  throw new NotTheObject('what lies there is another object than the message says (not-the-object)');
}
