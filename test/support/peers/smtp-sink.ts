import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A mail server on the loopback interface that takes every mail and sends none on (RFC 5321, as far as it needs). */
export class SmtpSink {
  /** As they came, with their headers. */
  readonly mails: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#talk(socket));
  }

  static async listen(): Promise<SmtpSink> {
    const sink = new SmtpSink();
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #talk(socket: Socket): void {
    let text = '';
    let isData = false;
    const say = (line: string): unknown => socket.write(`${line}\r\n`);
    say('220 sink');
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (;;) {
        const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const said = text.slice(0, end);
        text = text.slice(end + (isData ? 5 : 2));
        if (isData) {
          this.mails.push(said);
          isData = false;
          say('250 taken');
        } else if (said === 'DATA') {
          isData = true;
          say('354 go on');
        } else if (said === 'QUIT') {
          say('221 bye');
          socket.end();
        } else say('250 sink');
      }
    });
    socket.on('error', () => socket.destroy());
  }
}
