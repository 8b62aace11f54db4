import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { FlowMessage } from '../../../src/message';

/** A flow message as it came over the wire: `msg.dicom.object` is base64, other messages are as they are. */
export type SunkMessage = Omit<FlowMessage, 'dicom'> & {
  output: number;
  dicom: Omit<FlowMessage['dicom'], 'object'> & { object?: string };
};

/**
 * Where test flows send their messages: a TCP server that reads one JSON text a line, in order. A flow reaches it with
 * `sinkNodes`.
 */
export class MessageSink {
  readonly messages: SunkMessage[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly sockets = new Set<Socket>();
  private connections = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      // A Node-RED that is killed resets its connection.
      socket.on('error', () => socket.destroy());
      createInterface({ input: socket })
        .on('line', (line) => {
          this.messages.push(JSON.parse(line) as SunkMessage);
          this.notify();
        })
        // readline passes on the error that the socket's own handler has seen.
        .on('error', () => socket.destroy());
      this.notify();
    });
  }

  static open(): Promise<MessageSink> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(new MessageSink(server, typeof address === 'object' ? (address?.port ?? 0) : 0));
      });
    });
  }

  /** Resolves once a flow has connected: what it sends before that would be lost. */
  connected(): Promise<void> {
    return this.until(() => this.connections > 0, 'a flow to connect');
  }

  /**
   * For a deploy that starts the flow's sender anew: call it before, and what it returns after. What the flow sends before
   * its new connection is there would be lost.
   */
  nextConnection(): () => Promise<void> {
    const before = this.connections;
    return () => this.until(() => this.connections > before, 'the flow to connect again');
  }

  /** Resolves with all messages once there are so many. */
  async count(wanted: number, timeoutMs = 60_000): Promise<SunkMessage[]> {
    await this.until(() => this.messages.length >= wanted, `${wanted} messages`, timeoutMs);
    return this.messages;
  }

  /** The first message that fits, from those that have come or will come. */
  async find(
    fits: (message: SunkMessage) => boolean,
    what = 'a message',
    timeoutMs?: number,
  ): Promise<SunkMessage> {
    await this.until(() => this.messages.some(fits), what, timeoutMs);
    const found = this.messages.find(fits);
    if (found === undefined) throw new Error(`${what} vanished`);
    return found;
  }

  /** Forgets what has come. */
  clear(): void {
    this.messages.length = 0;
  }

  close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async until(done: () => boolean, what: string, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!done()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited ${timeoutMs} ms for ${what}; ${this.messages.length} came`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.waiting.add(wake);
      });
    }
  }

  private notify(): void {
    for (const wake of [...this.waiting]) wake();
  }
}
