import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { Association, type AssociationContext } from './association';
import type { NetworkEvent } from './events';
import { plainAddress, type HostFilter } from './host-filter';

export interface ListenerOptions extends Omit<AssociationContext, 'openAssociations' | 'tls'> {
  port: number;
  /** An IP address or `localhost`; empty: all interfaces. */
  bindAddress: string;
  allowsHost: HostFilter;
  /** Key, certificate and the rest; undefined: clear text. */
  tls?: TlsOptions;
}

/**
 * Connections beyond the associations that we serve: those about to be rejected and those about to close. Above, a
 * connection is destroyed at accept, so that a flood cannot use up the process's file descriptors.
 */
const SPARE_CONNECTIONS = 1_024;

/** TLS 1.2 or newer, without fall-back (PS3.15 B.12, BCP 195). */
const MIN_TLS_VERSION = 'TLSv1.2';

/** Accepts connections, makes each an Association, and ends them all in order. */
export class Listener {
  private readonly server: Server;
  private readonly tlsServer: Server | undefined;
  private readonly connections = new Set<Socket>();
  private readonly associations = new Set<Association>();

  constructor(private readonly options: ListenerOptions) {
    this.server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.connected(socket));
    if (options.tls !== undefined) this.tlsServer = this.createTls(options.tls);
  }

  /** Associations that are open now. */
  get openAssociations(): number {
    let open = 0;
    for (const association of this.associations) if (association.isOpen) open += 1;
    return open;
  }

  /**
   * Resolves with the address once connections are accepted.
   * @throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL) when the port cannot be had
   */
  listen(): Promise<AddressInfo> {
    const { port, bindAddress } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, ...(bindAddress !== '' && { host: bindAddress }) }, () => {
        this.server.off('error', reject);
        this.server.on('error', (error) => this.refused('', `listener: ${error.message}`));
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  /**
   * Stops accepting at once. Associations without an object under way are aborted; others may finish it within the
   * grace. Resolves when every socket is closed and the port is free.
   */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const association of this.associations) association.stop();
    const deadline = setTimeout(() => this.killAll(), graceMs);
    await closed;
    clearTimeout(deadline);
  }

  private killAll(): void {
    for (const association of this.associations) association.kill();
    // What is left are connections in a TLS handshake, and ones whose abort has been sent.
    setTimeout(() => this.connections.forEach((socket) => socket.destroy()), 200).unref();
  }

  private connected(socket: Socket): void {
    const remoteAddress = plainAddress(socket.remoteAddress ?? '');
    if (!this.options.allowsHost(remoteAddress)) {
      this.refuse(socket, remoteAddress, 'the address is not in the list of allowed hosts');
    } else if (this.connections.size >= this.options.policy.maxAssociations + SPARE_CONNECTIONS) {
      this.refuse(socket, remoteAddress, `${this.connections.size} connections are open already`);
    } else {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
      if (this.tlsServer === undefined) this.associate(socket);
      else this.tlsServer.emit('connection', socket);
    }
  }

  private refuse(socket: Socket, remoteAddress: string, text: string): void {
    socket.on('error', () => socket.destroy());
    socket.destroy();
    this.refused(remoteAddress, text);
  }

  private refused(remoteAddress: string, text: string): void {
    this.options.report({ event: 'connection-refused', remoteAddress, text } satisfies NetworkEvent);
  }

  private associate(socket: Socket, tls?: AssociationContext['tls']): void {
    const { policy, limits, store, report } = this.options;
    const association = new Association(socket, {
      policy,
      limits,
      store,
      report,
      openAssociations: () => this.openAssociations,
      ...(tls && { tls }),
    });
    this.associations.add(association);
    socket.once('close', () => this.associations.delete(association));
  }

  /** A TLS server that never listens itself: it is given the connections that passed the host filter. */
  private createTls(tls: TlsOptions): Server {
    const server = createTlsServer({
      minVersion: MIN_TLS_VERSION,
      handshakeTimeout: this.options.limits.associationTimeoutSeconds * 1000,
      ...tls,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const certificate = socket.getPeerCertificate();
      const subject = Object.entries(certificate.subject ?? {})
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(', ');
      this.associate(socket, { authorized: socket.authorized, subject });
    });
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.refused(plainAddress(socket.remoteAddress ?? ''), `TLS handshake failed: ${error.message}`);
      socket.destroy();
    });
    return server;
  }
}
