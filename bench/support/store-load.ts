import { connect, type Socket } from 'node:net';
import { associateRQ, releaseRQ } from '../../test/support/connections/pdus';
import { encodeWork, UID_DIGITS, type EncodedWork, type Work } from './work';

export interface LoadResult {
  seconds: number;
  /** Milliseconds from the first byte of a C-STORE to its response, sorted. */
  latencies: number[];
}

/** `bare`: the receiver only counts bytes, and answers each so many (told in the first eight) with one of its own. */
export type Protocol = 'dicom' | 'bare';

/** No object takes so long to be answered, unless something is wrong. */
const ANSWER_MS = 120_000;

/**
 * Sends `count` objects over this many associations, one outstanding C-STORE each.
 * @param port several: the associations are shared out among them
 */
export async function sendLoad(
  port: number | readonly number[],
  work: Work,
  count: number,
  associations: number,
  protocol: Protocol = 'dicom',
): Promise<LoadResult> {
  const encoded = encodeWork(work);
  const open = protocol === 'dicom' ? DicomSender.open : BareSender.open;
  const ports = [port].flat();
  const senders = await Promise.all(
    Array.from({ length: Math.min(associations, count) }, (_, index) =>
      open(ports[index % ports.length] ?? NaN, work, encoded),
    ),
  );
  let next = Math.floor(Math.random() * 1e8);
  const last = next + count;
  const latencies: number[] = [];
  const started = performance.now();
  try {
    await Promise.all(
      senders.map(async (sender) => {
        while (next < last) {
          const before = performance.now();
          await sender.store((next += 1));
          latencies.push(performance.now() - before);
        }
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    await Promise.all(senders.map((sender) => sender.end()));
    return { seconds, latencies: latencies.sort((a, b) => a - b) };
  } finally {
    for (const sender of senders) sender.destroy();
  }
}

/** A connection on which one thing at a time is sent and answered. */
class Exchange {
  private answered: ((pdu: Buffer) => void) | undefined;
  private failed: ((error: Error) => void) | undefined;
  private received: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly socket: Socket,
    private readonly answerLength: (received: Buffer) => number,
  ) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.failed?.(error));
    socket.on('close', () => this.failed?.(new Error('the connection was closed')));
  }

  /** @param answerLength of the answer that begins with these bytes; Infinity when there are too few to tell */
  static async open(port: number, answerLength: (received: Buffer) => number): Promise<Exchange> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Exchange(socket, answerLength);
  }

  /** Sends these buffers and resolves with the answer. */
  send(...buffers: readonly Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
      this.answered = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      this.failed = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      void this.writeAll(buffers);
    });
  }

  destroy(): void {
    this.failed = undefined;
    this.socket.destroy();
  }

  private async writeAll(buffers: readonly Buffer[]): Promise<void> {
    this.socket.cork();
    for (const buffer of buffers) {
      if (buffer.length === 0 || this.socket.write(buffer)) continue;
      this.socket.uncork();
      await this.drained();
      if (this.socket.destroyed) return;
      this.socket.cork();
    }
    this.socket.uncork();
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.answerLength(this.received);
    if (this.received.length < end) return;
    const answer = this.received.subarray(0, end);
    this.received = this.received.subarray(end);
    this.answered?.(answer);
  }
}

interface Sender {
  store(number: number): Promise<void>;
  end(): Promise<void>;
  destroy(): void;
}

/** What goes out for one object. */
function messageOf({ head, repeated, times, tail }: EncodedWork): Buffer[] {
  return [head, ...Array.from({ length: times }, () => repeated), tail];
}

const PDU_HEADER = 6;
const pduLength = (received: Buffer): number =>
  received.length < PDU_HEADER ? Infinity : PDU_HEADER + received.readUInt32BE(2);
/** (0000,0900) Status, US, 2 bytes. */
const STATUS = Buffer.from([0, 0, 0, 9, 2, 0, 0, 0]);
const ACCEPTED = 0x02;

class DicomSender implements Sender {
  private readonly message: Buffer[];
  private readonly head: Buffer;

  private constructor(
    private readonly exchange: Exchange,
    private readonly encoded: EncodedWork,
  ) {
    this.head = Buffer.from(encoded.head);
    this.message = messageOf({ ...encoded, head: this.head });
  }

  static async open(this: void, port: number, work: Work, encoded: EncodedWork): Promise<DicomSender> {
    const exchange = await Exchange.open(port, pduLength);
    const { sopClassUID: abstractSyntax, transferSyntaxUID } = work;
    const contexts = [{ id: 1, abstractSyntax, transferSyntaxes: [transferSyntaxUID] }];
    const accepted = await exchange.send(
      associateRQ({ callingAET: 'BENCH', contexts, maxPduLength: 131_072 }),
    );
    if (accepted[0] !== ACCEPTED) throw new Error(`association not accepted: PDU ${accepted[0]}`);
    return new DicomSender(exchange, encoded);
  }

  /** Only the digits of the UID change. */
  async store(number: number): Promise<void> {
    const digits = String(10 ** (UID_DIGITS - 1) + number);
    for (const offset of this.encoded.uidOffsets) this.head.write(digits, offset, 'latin1');
    const response = await this.exchange.send(...this.message);
    const at = response.indexOf(STATUS);
    const status = at < 0 ? undefined : response.readUInt16LE(at + STATUS.length);
    if (status !== 0) throw new Error(`a C-STORE was answered ${status?.toString(16) ?? 'without a status'}`);
  }

  async end(): Promise<void> {
    await this.exchange.send(releaseRQ());
  }

  destroy(): void {
    this.exchange.destroy();
  }
}

class BareSender implements Sender {
  private constructor(
    private readonly exchange: Exchange,
    private readonly message: readonly Buffer[],
  ) {}

  static async open(this: void, port: number, _work: Work, encoded: EncodedWork): Promise<BareSender> {
    const message = messageOf(encoded);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(message.reduce((sum, { length: bytes }) => sum + bytes, 0)));
    const exchange = await Exchange.open(port, () => 1);
    await exchange.send(length);
    return new BareSender(exchange, message);
  }

  async store(): Promise<void> {
    await this.exchange.send(...this.message);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    this.exchange.destroy();
  }
}
