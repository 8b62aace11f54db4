import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line to a server that breaks, as lines do: both sides see a reset. */
export class BadLine {
  /** How often it has broken. */
  breaks = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    to: number,
    private readonly breaksAfter: (connection: number) => number,
  ) {
    let connections = 0;
    server.on('connection', (socket) => {
      this.join(socket, to, this.breaksAfter(connections));
      connections += 1;
    });
  }

  /**
   * @param to the server's port on this machine
   * @param breaksAfter so many bytes of the client on this connection, counted from 0; Infinity: never
   */
  static async open(to: number, breaksAfter: (connection: number) => number): Promise<BadLine> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new BadLine(server, to, breaksAfter);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, to: number, bytes: number): void {
    const server = connect({ port: to, host: '127.0.0.1', noDelay: true });
    let left = bytes;
    client.on('data', (chunk) => {
      left -= chunk.length;
      if (left > 0 || client.destroyed) return;
      this.breaks += 1;
      client.resetAndDestroy();
      server.resetAndDestroy();
    });
    client.pipe(server);
    server.pipe(client);
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    }
    // What one side does to the line, the other one sees.
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  }
}
