import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions } from 'node:tls';
import { asError } from '../../basics';
import {
  type Abort,
  AbortReason,
  AbortSource,
  type ReadBuffer,
  tlsFailure,
  withTlsProfile,
} from '../upper-layer';

/** How a connection is secured (PS3.15 B.12). Key material as Node takes it: PEM, or a P12 as `pfx`. */
export interface ScuTls extends Pick<ConnectionOptions, 'key' | 'cert' | 'ca' | 'pfx' | 'passphrase'> {
  /** The name that the peer's certificate must be for; undefined: the host's. */
  serverName?: string;
  /** False: the peer's certificate is not checked. */
  rejectUnauthorized?: boolean;
}

export interface ScuAddress {
  host: string;
  port: number;
  /** Undefined: clear text. */
  tls?: ScuTls;
  /** Sent before everything else, TLS too: a PROXY protocol header. */
  opening?: Buffer;
}

/** A connection that is being made, and the event that says that it is there. */
export interface Connecting {
  socket: Socket;
  connected: 'connect' | 'secureConnect';
}

/** Of a name with several addresses, so long for each at most before the next one is tried: Node's 250 ms cut off slow lines. */
const ADDRESS_ATTEMPT_MS = 2_500;
/** So many have their turn within the connect timeout. */
const ADDRESSES_TRIED = 4;

/**
 * Begins a TCP connection, without Nagle's delay, or TLS over one.
 * @param timeoutSeconds in which it is to be there
 * @param memory that is read into, where there is no TLS
 * @throws Error for a port or key material that cannot be
 */
export function connectTo(
  { host, port, tls, opening }: ScuAddress,
  timeoutSeconds: number,
  memory: ReadBuffer,
): Connecting {
  const eachMs = Math.min(ADDRESS_ATTEMPT_MS, Math.ceil((timeoutSeconds * 1_000) / ADDRESSES_TRIED));
  const to = { host, port, autoSelectFamilyAttemptTimeout: eachMs };
  if (tls === undefined) {
    const socket = memory.connect(to).setNoDelay(true);
    if (opening !== undefined) socket.write(opening);
    return { socket, connected: 'connect' };
  }
  const { serverName, ...material } = tls;
  const name = serverName ?? host;
  const socket = connectTls({
    ...(opening === undefined ? to : { socket: connectedWith(opening, to) }),
    ...(withTlsProfile(material) as ConnectionOptions),
    // An address cannot be asked for (RFC 6066 3), but a certificate can be for one.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  });
  socket.setNoDelay(true);
  return { socket, connected: 'secureConnect' };
}

/** A connection that is being made, on which TLS comes after this. */
function connectedWith(opening: Buffer, to: TcpNetConnectOpts): Socket {
  const socket = connect({ ...to, noDelay: true });
  socket.write(opening);
  return socket;
}

/** Why there is no connection: the system's, Node's or OpenSSL's code, and words. */
export function connectionFailure(thrown: unknown): { code: string; text: string } {
  const error = asError(thrown);
  const { code = '' } = error as NodeJS.ErrnoException;
  // Of several addresses that were tried each has an error; the one that stands for them has no text.
  const message =
    error instanceof AggregateError
      ? error.errors.map((each) => asError(each).message).join(', ')
      : error.message;
  return { code, text: tlsFailure(error) ?? message };
}

/** Why there is no association, when the peer has not said so. */
export function openFailure({ by, source, reason, text, error }: Abort): { code: string; text: string } {
  if (error !== undefined) return connectionFailure(error);
  if (by === 'peer') return { code: 'CLOSED', text };
  if (source === AbortSource.user) return { code: 'TIMEOUT', text };
  return { code: reason === AbortReason.unrecognizedPdu ? 'NOT_DICOM' : 'PROTOCOL', text };
}
