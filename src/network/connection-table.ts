import type { Socket } from 'node:net';
import type { Association } from './association';

interface Entry {
  /** The TCP connection, also under TLS. */
  socket: Socket;
  /** Undefined during a TLS handshake. */
  association: Association | undefined;
}

/** A peer's end of a connection: the same for a TLS socket and the TCP socket below it. */
const key = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** The connections of a listener, oldest first, whatever has become of them. */
export class ConnectionTable {
  private readonly entries = new Map<string, Entry>();

  get size(): number {
    return this.entries.size;
  }

  get openAssociations(): number {
    let open = 0;
    for (const { association } of this.entries.values()) if (association?.isOpen === true) open += 1;
    return open;
  }

  *associations(): Generator<Association> {
    for (const { association } of [...this.entries.values()])
      if (association !== undefined) yield association;
  }

  /** Keeps a connection until its socket closes. */
  add(socket: Socket): void {
    const entry: Entry = { socket, association: undefined };
    const name = key(socket);
    this.entries.set(name, entry);
    socket.once('close', () => {
      if (this.entries.get(name) === entry) this.entries.delete(name);
    });
  }

  /** @param socket the connection, or the TLS socket on it */
  associate(socket: Socket, association: Association): void {
    const entry = this.entries.get(key(socket));
    if (entry !== undefined) entry.association = association;
  }

  /** Takes out the connection that has been without an open association for longest; undefined when there is none. */
  evict(): Socket | undefined {
    for (const [name, { socket, association }] of this.entries) {
      if (association?.isOpen === true) continue;
      this.entries.delete(name);
      return socket;
    }
    return undefined;
  }

  destroyAll(): void {
    for (const { socket } of this.entries.values()) socket.destroy();
  }
}
