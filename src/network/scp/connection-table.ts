import type { Socket } from 'node:net';
import { Deadline } from '../../basics';
import type { Association } from './association';

/** A connection, whatever has become of it. */
export interface Connection {
  /** The TCP connection, also under TLS. */
  readonly socket: Socket;
  /** Undefined until there is a PROXY protocol header, where there has to be one, and during a TLS handshake. */
  association: Association | undefined;
  /** Of a PROXY protocol header and a TLS handshake. */
  readonly deadline: Deadline;
}

/**
 * The connections of a listener, oldest first. Each is known by its TCP socket: a peer may have the same address and port
 * on several at a time, towards different addresses of ours.
 */
export class ConnectionTable {
  private readonly entries = new Map<Socket, Connection>();

  get size(): number {
    return this.entries.size;
  }

  get openAssociations(): number {
    let open = 0;
    for (const { association } of this.entries.values()) if (association?.isOpen === true) open += 1;
    return open;
  }

  get openAssociationIds(): string[] {
    return [...this.associations()].filter(({ isOpen }) => isOpen).map(({ facts }) => facts.associationId);
  }

  all(): Connection[] {
    return [...this.entries.values()];
  }

  *associations(): Generator<Association> {
    for (const { association } of this.all()) if (association !== undefined) yield association;
  }

  /** Keeps a connection until its socket closes. */
  add(socket: Socket): Connection {
    const connection: Connection = { socket, association: undefined, deadline: new Deadline() };
    this.entries.set(socket, connection);
    socket.once('close', () => {
      connection.deadline.stop();
      this.entries.delete(socket);
    });
    return connection;
  }

  /** Undefined: it has been closed or taken out. */
  get(socket: Socket): Connection | undefined {
    return this.entries.get(socket);
  }

  /** Takes out the connection that has been without an open association for longest; undefined when there is none. */
  evict(): Socket | undefined {
    for (const { socket, association } of this.entries.values()) {
      if (association?.isOpen === true) continue;
      this.entries.delete(socket);
      return socket;
    }
    return undefined;
  }

  destroyAll(): void {
    for (const { socket } of this.entries.values()) socket.destroy();
  }
}
