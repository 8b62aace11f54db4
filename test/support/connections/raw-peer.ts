import { connect, type Socket } from 'node:net';
import { associateRQ, readResponse, type AssociateOptions } from './pdus';

export interface ReceivedPdu {
  type: number;
  body: Buffer;
}

/** A peer that sends what a test wants and reads whole PDUs. */
export class RawPeer {
  readonly closed: Promise<void>;
  /** Our port, by which the receiver's events know us. */
  readonly localPort: number;
  private received: Buffer = Buffer.alloc(0);
  private readonly pdus: ReceivedPdu[] = [];
  private waiting: (() => void) | undefined;
  private isClosed = false;

  private constructor(readonly socket: Socket) {
    this.localPort = socket.localPort ?? 0;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk) => this.take(chunk));
    // A reset is one of the ways in which a receiver may end a connection; `closed` tells of it.
    socket.on('error', () => undefined);
    void this.closed.then(() => {
      this.isClosed = true;
      this.waiting?.();
    });
  }

  static connect(port: number): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawPeer(socket));
      });
    });
  }

  /** PDUs that have come and that nobody has asked for. */
  get waitingPdus(): number {
    return this.pdus.length;
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next PDU; undefined when the connection ends before one. */
  async next(timeoutMs = 60_000): Promise<ReceivedPdu | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (this.pdus.length === 0 && !this.isClosed) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no PDU within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.pdus.shift();
  }

  /** The next PDU as the response to a command. */
  async response(timeoutMs?: number): Promise<Map<number, number | string>> {
    const pdu = await this.next(timeoutMs);
    if (pdu?.type !== 0x04) throw new Error(`expected a response, got PDU type ${pdu?.type}`);
    return readResponse(pdu.body).values;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 6) {
      const end = 6 + this.received.readUInt32BE(2);
      if (this.received.length < end) break;
      this.pdus.push({ type: this.received.readUInt8(0), body: this.received.subarray(6, end) });
      this.received = this.received.subarray(end);
    }
    this.waiting?.();
  }
}

/**
 * Connects and associates.
 *
 * @throws when the association is not accepted
 */
export async function associate(port: number, options?: AssociateOptions): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  peer.send(associateRQ(options));
  const answer = await peer.next();
  if (answer?.type === 0x02) return peer;
  peer.destroy();
  throw new Error(`the association was not accepted (PDU ${answer?.type})`);
}
