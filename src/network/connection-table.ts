import type { Socket } from 'node:net';
import type { Association } from './association';

interface Entry {
  /** Undefined during a TLS handshake. */
  association: Association | undefined;
}

/** The TCP connections of a listener, also those under TLS, oldest first, whatever has become of them. */
export class ConnectionTable {
  private readonly entries = new Map<Socket, Entry>();

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
    this.entries.set(socket, { association: undefined });
    socket.once('close', () => this.entries.delete(socket));
  }

  /** @param socket a connection that has been added: under TLS, the one below */
  associate(socket: Socket, association: Association): void {
    const entry = this.entries.get(socket);
    if (entry !== undefined) entry.association = association;
  }

  /** Takes out the connection that has been without an open association for longest; undefined when there is none. */
  evict(): Socket | undefined {
    for (const [socket, { association }] of this.entries) {
      if (association?.isOpen === true) continue;
      this.entries.delete(socket);
      return socket;
    }
    return undefined;
  }

  destroyAll(): void {
    for (const socket of this.entries.keys()) socket.destroy();
  }
}
