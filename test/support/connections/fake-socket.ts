import { Duplex } from 'node:stream';

/** The socket of an association, without a network: what is pushed is received, what is sent is remembered. */
export class FakeSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 2;
  sent: Buffer[] = [];

  override _read(): void {
    // Pushed to by the test.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.sent.push(bytes);
    done();
  }
}
