import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  echoService,
  type MessagePart,
  Performer,
  RESPONSE_BIT,
  ServiceRegistry,
  type StorageOptions,
  storeService,
} from '../dimse';
import {
  type AcceptedContext,
  type AssociationFacts,
  factsOf,
  remoteEndOf,
  type Requestor,
  tlsFacts,
} from '../upper-layer';
import type { ScuTarget } from './association-options';

/** Bytes of an object that count as a sign of life: one that drips byte by byte is silent. */
const PROGRESS_BYTES = 4_096;

/** The association on which they come. */
export interface RequestedAssociation {
  target: Pick<ScuTarget, 'callingAET' | 'calledAET'>;
  socket: Socket;
  layer(): Requestor;
  /** A C-GET is outstanding: the peer may ask. */
  retrieves(): boolean;
  /** The peer has to say something in time, from now on. */
  expectResponse(): void;
  /** Something is asked of the peer, and not answered yet. */
  isAwaiting(): boolean;
}

/** What the peer asks for during a C-GET: to store objects here (PS3.4 C.4.3), and whether we live. */
export class PeerRequests {
  private readonly performer: Performer;
  /** The message that arrives is a request of the peer. */
  private isPerforming = false;
  /** Bytes of objects since the response was awaited anew. */
  private progressBytes = 0;
  private known: AssociationFacts | undefined;

  constructor(
    private readonly association: RequestedAssociation,
    storage: StorageOptions,
  ) {
    this.performer = this.performerOf(storage);
  }

  /** A request of the peer begins, or goes on. */
  takes(part: MessagePart): boolean {
    if (part.kind === 'command')
      this.isPerforming = this.association.retrieves() && (part.command.commandField & RESPONSE_BIT) === 0;
    return this.isPerforming;
  }

  take(part: MessagePart, context: AcceptedContext): void {
    if (part.kind === 'command') this.association.expectResponse();
    else this.progress(part.bytes.length);
    this.performer.takePart(part, context);
  }

  /** The response is awaited anew. */
  awaited(): void {
    this.progressBytes = 0;
  }

  /** The association is at its end. */
  drop(): void {
    this.performer.drop();
  }

  private progress(bytes: number): void {
    this.progressBytes += bytes;
    if (this.progressBytes < PROGRESS_BYTES) return;
    this.progressBytes = 0;
    this.association.layer().goOnExpecting();
  }

  private performerOf(storage: StorageOptions): Performer {
    const { association } = this;
    const factsOfPeer = (): AssociationFacts => this.factsOfPeer();
    return new Performer(
      {
        get facts() {
          return factsOfPeer();
        },
        respond: (contextId, command) => association.layer().sendCommand(contextId, command),
        respondWith: (contextId, command, dataSet) =>
          association.layer().sendMessage(contextId, command, dataSet),
        serve: (promise) => association.layer().serve(promise),
        hold: (promise) =>
          association.layer().hold(promise, () => {
            if (association.isAwaiting()) association.expectResponse();
          }),
        performed: () => undefined,
      },
      new ServiceRegistry([echoService, storeService(storage)]),
    );
  }

  /** The peer calls us in the roles of this: it is who sends the objects. */
  private factsOfPeer(): AssociationFacts {
    const { socket, target } = this.association;
    const { callingAET: calledAET, calledAET: callingAET } = target;
    const tls = socket instanceof TLSSocket ? tlsFacts(socket) : undefined;
    const facts = (this.known ??= factsOf(socket, remoteEndOf(socket), tls));
    return { ...facts, callingAET, calledAET };
  }
}
