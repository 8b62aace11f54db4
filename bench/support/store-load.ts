import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { readFileMeta, bufferSource } from '../../src/dicom';
import { associateRQ, commandSet, dataTF, pdv, releaseRQ } from '../../test/support/pdus';

/** An object to send over and over, each time with another SOP Instance UID. */
export interface Work {
  name: string;
  sopClassUID: string;
  transferSyntaxUID: string;
  sopInstanceUID: string;
  dataSet: Buffer;
}

export function readWork(name: string, path: string): Work {
  const file = readFileSync(path);
  const { sopClassUID, sopInstanceUID, transferSyntaxUID, dataSetOffset } = readFileMeta(bufferSource(file));
  return { name, sopClassUID, transferSyntaxUID, sopInstanceUID, dataSet: file.subarray(dataSetOffset) };
}

export interface LoadResult {
  seconds: number;
  /** Milliseconds from the last byte's write to the response, sorted. */
  latencies: number[];
}

const UID_DIGITS = 9;
const PDV_LENGTH = 16_372;

/**
 * Sends `count` objects over so many associations, one outstanding C-STORE each. What goes out is encoded once; only the
 * digits of the UID change, so that the generator costs little beside the receiver.
 */
export async function sendLoad(
  port: number,
  work: Work,
  count: number,
  associations: number,
): Promise<LoadResult> {
  let next = Math.floor(Math.random() * 1e8);
  const last = next + count;
  const latencies: number[] = [];
  const connections = await Promise.all(
    Array.from({ length: associations }, () => Association.open(port, work)),
  );
  const started = process.hrtime.bigint();
  await Promise.all(
    connections.map(async (association) => {
      while (next < last) {
        const before = process.hrtime.bigint();
        await association.store((next += 1));
        latencies.push(Number(process.hrtime.bigint() - before) / 1e6);
      }
    }),
  );
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await Promise.all(connections.map((association) => association.release()));
  return { seconds, latencies: latencies.sort((a, b) => a - b) };
}

class Association {
  private answered: ((pdu: Buffer) => void) | undefined;
  private received: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly socket: Socket,
    private readonly message: Buffer,
    private readonly uidOffsets: readonly number[],
  ) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => socket.destroy());
  }

  static async open(port: number, work: Work): Promise<Association> {
    const message = encodeMessage(work);
    const offsets: number[] = [];
    for (
      let at = message.indexOf(work.sopInstanceUID);
      at >= 0;
      at = message.indexOf(work.sopInstanceUID, at + 1)
    ) {
      offsets.push(at + work.sopInstanceUID.length - UID_DIGITS);
    }
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const association = new Association(socket, message, offsets);
    const { sopClassUID: abstractSyntax, transferSyntaxUID } = work;
    const contexts = [{ id: 1, abstractSyntax, transferSyntaxes: [transferSyntaxUID] }];
    const accepted = await association.exchange(
      associateRQ({ callingAET: 'BENCH', contexts, maxPduLength: 131_072 }),
    );
    if (accepted[0] !== 0x02) throw new Error(`association not accepted: PDU ${accepted[0]}`);
    return association;
  }

  async store(number: number): Promise<void> {
    const digits = String(10 ** (UID_DIGITS - 1) + number);
    for (const offset of this.uidOffsets) this.message.write(digits, offset, 'latin1');
    const response = await this.exchange(this.message);
    const status = response.indexOf(Buffer.from([0, 0, 0, 9, 2, 0, 0, 0]));
    if (status < 0 || response.readUInt16LE(status + 8) !== 0)
      throw new Error('a C-STORE was not answered Success');
  }

  async release(): Promise<void> {
    await this.exchange(releaseRQ());
    this.socket.destroy();
  }

  private exchange(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.answered = resolve;
      this.socket.once('close', () => reject(new Error('the connection was closed')));
      this.socket.write(bytes);
    }).finally(() => this.socket.removeAllListeners('close')) as Promise<Buffer>;
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    if (this.received.length < 6) return;
    const end = 6 + this.received.readUInt32BE(2);
    if (this.received.length < end) return;
    const pdu = this.received.subarray(0, end);
    this.received = this.received.subarray(end);
    this.answered?.(pdu);
  }
}

/** The whole C-STORE request as P-DATA-TF PDUs, in sizes that every receiver takes. */
function encodeMessage({ sopClassUID, sopInstanceUID, dataSet }: Work): Buffer {
  const command = commandSet({
    0x0002: sopClassUID,
    0x0100: 0x0001,
    0x0110: 1,
    0x0700: 0,
    0x0800: 0,
    0x1000: sopInstanceUID,
  });
  const pdus = [dataTF(pdv(1, 0b11, command))];
  for (let at = 0; at < dataSet.length; at += PDV_LENGTH) {
    const isLast = at + PDV_LENGTH >= dataSet.length;
    pdus.push(dataTF(pdv(1, isLast ? 0b10 : 0, dataSet.subarray(at, at + PDV_LENGTH))));
  }
  return Buffer.concat(pdus);
}
