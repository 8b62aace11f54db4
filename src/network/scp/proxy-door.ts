import type { Socket } from 'node:net';
import { type ProxyHeader, ProxyHeaderReader } from './proxy-header';

/**
 * Takes the PROXY protocol header off a connection, before anything else reads from it.
 * @param taken is given what came beyond the header: valid during the call only, and nothing else delivers it
 */
export function takeProxyHeader(socket: Socket, taken: (header: ProxyHeader, rest: Buffer) => void): void {
  const reader = new ProxyHeaderReader();
  readUntil(
    socket,
    (bytes) => reader.push(bytes),
    ({ header, rest }) => taken(header, rest),
  );
}

/** The first bytes that come from now on: valid during the call only, and nothing else delivers them. */
export function firstBytes(socket: Socket, taken: (bytes: Buffer) => void): void {
  readUntil(socket, (bytes) => bytes, taken);
}

/** Reads until something is found; then nothing listens to the socket any more. */
function readUntil<T>(
  socket: Socket,
  read: (bytes: Buffer) => T | undefined,
  found: (result: T) => void,
): void {
  const failed = (): void => void socket.destroy();
  const take = (bytes: Buffer): void => {
    const result = read(bytes);
    if (result === undefined) return;
    socket.off('data', take);
    socket.off('error', failed);
    found(result);
  };
  socket.on('error', failed);
  socket.on('data', take);
}
