import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { Deadline, LONGEST_TIMER_MS } from '../../basics';
import {
  type CommitmentListener,
  commitmentService,
  echoService,
  findService,
  type ObjectStore,
  type QueryListener,
  ServiceRegistry,
  type StepListener,
  stepServices,
  storeService,
} from '../dimse';
import {
  connectionBelow,
  handshakeFailure,
  type ProtocolLimits,
  ReadBuffer,
  type RemoteEnd,
  remoteEndOf,
  RequestBudget,
  STEP_SOP_CLASS,
  tlsFacts,
  withTlsProfile,
} from '../upper-layer';
import { Association } from './association';
import type { AssociationContext } from './association-context';
import { acceptsStorageOf } from './association-policy';
import { ConnectionTable, type Connection } from './connection-table';
import type { HostFilter } from './host-filter';
import { firstBytes, takeProxyHeader } from './proxy-door';
import type { ProxyHeader } from './proxy-header';

/** Limits and timers of a listener's associations. Seconds and bytes. */
export interface AssociationLimits extends ProtocolLimits {
  /** Larger data sets are refused with A700; 0: no limit. */
  maxObjectBytes: number;
}

export interface ListenerOptions extends Pick<AssociationContext, 'policy' | 'report'> {
  limits: AssociationLimits;
  store: ObjectStore;
  /** Hears of the reports of those that may report. */
  commitments: CommitmentListener;
  /** Answers queries, of the SOP classes that the policy has. Undefined: nobody does. */
  queries?: QueryListener;
  /** Keeps procedure steps, where the policy has their SOP class. */
  steps?: StepListener;
  port: number;
  /** An IP address or `localhost`; empty: all interfaces. */
  bindAddress: string;
  allowsHost: HostFilter;
  /** Addresses whose connections begin with a PROXY protocol header, which says who calls. Undefined: none. */
  isProxy?: HostFilter;
  /** Key, certificate and the rest; undefined: clear text. */
  tls?: TlsOptions;
}

/**
 * Connections beyond the associations that we serve: those about to be rejected and those about to close. Above, the
 * one that has waited longest makes room, so that a flood of silent peers can neither use up the process's file
 * descriptors nor keep others out until ARTIM expires.
 */
const SPARE_CONNECTIONS = 1_024;
/** At the end of the grace: what an A-ABORT that has been sent gets to reach its peer. */
const LAST_WORDS_MS = 200;
const TIMED_OUT = 'TLS handshake failed: the handshake took too long';

/** Accepts connections, makes each an Association, and ends them all in order. */
export class Listener {
  private readonly server: Server;
  private readonly tlsServer: Server | undefined;
  private readonly connections = new ConnectionTable();
  /** Connections that we ended, and reported where that is of interest. */
  private readonly givenUp = new WeakSet<Socket>();
  /** Who calls through a proxy. */
  private readonly behindProxy = new WeakMap<Socket, RemoteEnd>();
  private readonly draining = new Deadline();
  private readonly services: ServiceRegistry;
  private readonly requests = new RequestBudget();
  private readonly readBuffer = new ReadBuffer();

  constructor(private readonly options: ListenerOptions) {
    this.services = servicesOf(options);
    // TLS does its own reading; decrypted data has its own memory.
    const pauseOnConnect = options.tls === undefined;
    this.server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect }, (accepted) =>
      this.connected(pauseOnConnect ? this.readBuffer.adopt(accepted) : accepted),
    );
    if (options.tls !== undefined) this.tlsServer = this.createTls(options.tls);
  }

  /** Connections that are open now, associations or not. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** The ids of those that are open now. */
  get openAssociationIds(): string[] {
    return this.connections.openAssociationIds;
  }

  /** Associations that are open now. */
  get openAssociations(): number {
    return this.connections.openAssociations;
  }

  /**
   * Resolves with the address once connections are accepted.
   * @throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL) when the port cannot be had
   */
  listen(): Promise<AddressInfo> {
    const { port, bindAddress } = this.options;
    const { server } = this;
    return new Promise((resolve, reject) => {
      // An attempt that fails leaves no listeners: it is made again and again.
      const failed = (error: Error): void => {
        server.off('listening', listening);
        reject(error);
      };
      const listening = (): void => {
        server.off('error', failed);
        server.on('error', (error) =>
          this.refused({ remoteAddress: '', remotePort: 0 }, `listener: ${error.message}`),
        );
        resolve(server.address() as AddressInfo);
      };
      server.once('error', failed);
      server.once('listening', listening);
      server.listen({ port, ...(bindAddress !== '' && { host: bindAddress }) });
    });
  }

  /**
   * Stops accepting at once. Associations without an object under way are aborted; others may finish it within the
   * grace. Resolves when every socket is closed and the port is free.
   */
  async close(graceMs: number): Promise<void> {
    this.draining.stop();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const association of this.connections.associations()) association.stop();
    const deadline = new Deadline();
    deadline.start(graceMs, () => this.killAll());
    await closed;
    deadline.stop();
  }

  /**
   * Stops accepting at once, and closes what is no association. Associations that are open may go on for `graceMs`; then they
   * are aborted, those that receive an object after its response.
   */
  drain(graceMs: number): void {
    this.server.close();
    for (const { socket, association } of this.connections.all()) {
      if (association === undefined) this.giveUp(socket);
      else if (!association.isOpen) association.stop();
    }
    this.draining.start(graceMs, () => {
      for (const association of this.connections.associations()) association.stop();
    });
  }

  private killAll(): void {
    for (const association of this.connections.associations()) association.kill();
    // What is left are connections in a TLS handshake, and ones whose abort has been sent.
    setTimeout(() => this.connections.destroyAll(), LAST_WORDS_MS).unref();
  }

  private connected(socket: Socket): void {
    const { remoteAddress } = remoteEndOf(socket);
    if (remoteAddress === '') {
      // Reset before it was accepted, as HAProxy ends its health checks: nobody is there any more.
      this.giveUp(socket);
      return;
    }
    const isProxy = this.options.isProxy?.(remoteAddress) === true;
    if (!isProxy && !this.isAllowed(socket)) return;
    const limit = this.options.policy.maxAssociations + SPARE_CONNECTIONS;
    if (this.connections.size >= limit) this.evict(limit);
    const connection = this.connections.add(socket);
    if (isProxy) this.awaitHeader(connection);
    else this.begin(connection);
  }

  /** Of one that is not, the connection is ended. */
  private isAllowed(socket: Socket): boolean {
    if (this.options.allowsHost(this.remoteOf(socket).remoteAddress)) return true;
    this.refuse(socket, 'the address is not in the list of allowed hosts: add it there');
    return false;
  }

  private awaitHeader(connection: Connection): void {
    const { socket, deadline } = connection;
    const { associationTimeoutSeconds: seconds } = this.options.limits;
    deadline.start(seconds * 1000, () =>
      this.refuse(socket, `the proxy sent no PROXY protocol header within ${seconds} s`),
    );
    takeProxyHeader(socket, (header, rest) => this.headerTaken(connection, header, rest));
  }

  private headerTaken(connection: Connection, header: ProxyHeader, rest: Buffer): void {
    const { socket, deadline } = connection;
    if (header.kind === 'invalid') {
      this.refuse(socket, `no PROXY protocol header that can be used: ${header.text}`);
      return;
    }
    const { remoteAddress: proxy } = remoteEndOf(socket);
    if (header.kind === 'proxied') this.behindProxy.set(socket, header.source);
    const isOwn = header.kind === 'local' || this.remoteOf(socket).remoteAddress === proxy;
    if (!isOwn || rest.length > 0) {
      this.admit(connection, rest);
      return;
    }
    // The proxy looks whether we are there: of interest is only what says more than a header.
    deadline.start(this.options.limits.associationTimeoutSeconds * 1000, () => this.giveUp(socket));
    firstBytes(socket, (bytes) => this.admit(connection, bytes));
  }

  private admit(connection: Connection, rest: Buffer): void {
    connection.deadline.stop();
    if (this.isAllowed(connection.socket)) this.begin(connection, rest);
  }

  /** @param rest what came with the header of a proxy; valid during the call only */
  private begin(connection: Connection, rest?: Buffer): void {
    const { socket } = connection;
    if (this.tlsServer === undefined) {
      this.associate(connection, socket);
      if (rest !== undefined && rest.length > 0) socket.emit('data', rest);
      return;
    }
    if (rest !== undefined) {
      socket.pause();
      // TLS begins with what its connection has buffered.
      if (rest.length > 0) socket.unshift(rest);
    }
    this.handshake(connection, this.tlsServer);
  }

  private handshake({ socket, deadline }: Connection, server: Server): void {
    const seconds = this.options.limits.associationTimeoutSeconds;
    deadline.start(seconds * 1000, () => this.handshakeFailed(socket, TIMED_OUT));
    server.emit('connection', socket);
  }

  private evict(limit: number): void {
    const socket = this.connections.evict();
    if (socket === undefined) return;
    this.refuse(socket, `there are ${limit} connections, and this one had no association for longest`);
  }

  private remoteOf(socket: Socket): RemoteEnd {
    return this.behindProxy.get(socket) ?? remoteEndOf(socket);
  }

  private refuse(socket: Socket, text: string): void {
    const remote = this.remoteOf(socket);
    this.giveUp(socket);
    this.refused(remote, text);
  }

  private giveUp(socket: Socket): void {
    this.givenUp.add(socket);
    socket.on('error', () => socket.destroy());
    socket.destroy();
  }

  private refused(remote: RemoteEnd, text: string): void {
    this.options.report({ event: 'connection-refused', ...remote, text });
  }

  /** @param socket the connection's own, or the TLS socket on it */
  private associate(connection: Connection, socket: Socket, tls?: AssociationContext['tls']): void {
    const { policy, limits, report } = this.options;
    connection.association = new Association(socket, {
      policy,
      limits,
      services: this.services,
      report,
      openAssociations: () => this.openAssociations,
      requests: this.requests,
      remote: this.remoteOf(connection.socket),
      ...(tls && { tls }),
    });
  }

  /** A TLS server that never listens itself: it is given the connections that passed the host filter. */
  private createTls(material: TlsOptions): Server {
    const server = createTlsServer({
      ...withTlsProfile(material),
      // Ours decides, which knows when it was held up; this is Node's limit: as good as none.
      handshakeTimeout: LONGEST_TIMER_MS,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const connection = this.connections.get(connectionBelow(socket));
      connection?.deadline.stop();
      if (connection === undefined) socket.destroy();
      else this.associate(connection, socket, tlsFacts(socket));
    });
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.handshakeFailed(connectionBelow(socket), handshakeFailure(error, socket));
      socket.destroy();
    });
    return server;
  }

  /** Told once: what ends a connection makes TLS fail, too. */
  private handshakeFailed(socket: Socket, text: string): void {
    if (!this.givenUp.has(socket)) this.refuse(socket, text);
  }
}

/** What we perform on associations (PS3.4). */
export function servicesOf({
  store,
  commitments,
  queries,
  steps,
  policy,
  limits,
}: Pick<
  ListenerOptions,
  'store' | 'commitments' | 'queries' | 'steps' | 'policy' | 'limits'
>): ServiceRegistry {
  const accepts = (sopClassUID: string): boolean => acceptsStorageOf(sopClassUID, policy);
  const answers = (sopClassUID: string): boolean =>
    sopClassUID !== STEP_SOP_CLASS && policy.answeredClasses?.has(sopClassUID) === true;
  return new ServiceRegistry([
    storeService({ store, accepts, maxObjectBytes: limits.maxObjectBytes }),
    echoService,
    commitmentService(commitments),
    ...(queries ? [findService(queries, answers)] : []),
    ...(steps ? stepServices(steps) : []),
  ]);
}
