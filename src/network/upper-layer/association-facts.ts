import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

/** The facts of an association that go with each of its objects. */
export interface AssociationFacts {
  associationId: string;
  /** Empty until the association is asked for. */
  callingAET: string;
  calledAET: string;
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
  tls?: { authorized: boolean; subject: string };
}

/** What is known of an association as soon as there is a connection. */
export function factsOf(socket: Socket, tls: AssociationFacts['tls']): AssociationFacts {
  return {
    associationId: randomUUID(),
    callingAET: '',
    calledAET: '',
    remoteAddress: plainAddress(socket.remoteAddress ?? ''),
    remotePort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress ?? ''),
    localPort: socket.localPort ?? 0,
    ...(tls && { tls }),
  };
}

/** An IPv4 address in IPv6 form, as a dual-stack socket reports it. */
const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as an operator writes it: IPv4 without the IPv6 wrapping, no zone. */
export function plainAddress(address: string): string {
  const unzoned = address.split('%', 1)[0] ?? '';
  return V4_MAPPED.exec(unzoned)?.[1] ?? unzoned;
}
