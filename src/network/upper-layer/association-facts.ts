import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

/** The other end of a connection: behind a proxy that is trusted, the one for which it connects. */
export interface RemoteEnd {
  remoteAddress: string;
  remotePort: number;
}

/** The facts of an association that go with each of its objects. */
export interface AssociationFacts extends RemoteEnd {
  associationId: string;
  /** Empty until the association is asked for. */
  callingAET: string;
  calledAET: string;
  localAddress: string;
  localPort: number;
  tls?: { authorized: boolean; subject: string };
}

/** What is known of an association as soon as there is a connection. */
export function factsOf(socket: Socket, remote: RemoteEnd, tls: AssociationFacts['tls']): AssociationFacts {
  return {
    associationId: randomUUID(),
    callingAET: '',
    calledAET: '',
    ...remote,
    localAddress: plainAddress(socket.localAddress ?? ''),
    localPort: socket.localPort ?? 0,
    ...(tls && { tls }),
  };
}

/** Who is at the other end of a socket. */
export function remoteEndOf(socket: Socket): RemoteEnd {
  return { remoteAddress: plainAddress(socket.remoteAddress ?? ''), remotePort: socket.remotePort ?? 0 };
}

/** An IPv4 address in IPv6 form, as a dual-stack socket reports it. */
const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as an operator writes it: IPv4 without the IPv6 wrapping, no zone. */
export function plainAddress(address: string): string {
  const unzoned = address.split('%', 1)[0] ?? '';
  return V4_MAPPED.exec(unzoned)?.[1] ?? unzoned;
}
