import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { until } from '../machine/until';

const START = 0x0b;
const END = Buffer.from([0x1c, 0x0d]);

/** An HL7 system that listens with MLLP: it keeps what it gets and acknowledges it, with the code that is set. */
export class MllpListener {
  /** Segment by segment, oldest message first. */
  readonly messages: string[][] = [];
  /** MSA-1 of the answers; undefined: none is sent. */
  code: 'AA' | 'AE' | 'AR' | undefined = 'AA';
  /** MSA-2 of the answers, in place of the message's own control id. */
  answersTo: string | undefined;

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async open(): Promise<MllpListener> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new MllpListener(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async message(number: number): Promise<string[]> {
    await until(() => this.messages.length > number, `HL7 message ${number + 1}`);
    return this.messages[number] ?? [];
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      for (let end = received.indexOf(END); end >= 0; end = received.indexOf(END)) {
        this.take(socket, received.subarray(0, end));
        received = received.subarray(end + END.length);
      }
    });
  }

  private take(socket: Socket, frame: Buffer): void {
    if (frame[0] !== START) throw new Error('an MLLP frame does not begin with VT');
    const segments = frame.toString('utf8', 1).replace(/\r$/, '').split('\r');
    this.messages.push(segments);
    if (this.code === undefined) return;
    const controlId = this.answersTo ?? segments[0]?.split('|')[9] ?? '';
    const answer = [
      `MSH|^~\\&|HIS|TEST|NODE_RED||20260115101500||ACK^R01^ACK|1|P|2.5`,
      `MSA|${this.code}|${controlId}`,
    ];
    socket.write(`\x0b${answer.join('\r')}\r\x1c\r`);
  }
}
