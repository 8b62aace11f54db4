import type { AcceptedContext, AssociationFacts } from '../upper-layer';
import { operationName } from './command-field';
import type { CommandSet } from './command-set';
import { Status, type CommandStatus } from './status';

/** A request whose command set has arrived; its data set, if there is one, follows. */
export interface Request {
  association: AssociationFacts;
  context: AcceptedContext;
  command: CommandSet;
}

/** Responses that come before the last one (PS3.7 9.1.2): each match of a query has one. */
export interface PendingResponses {
  /**
   * Sends one with its identifier, which can be used again afterwards. Undefined: more can be sent now; else a promise of that,
   * which resolves in every case.
   */
  send(status: number, identifier: Buffer): Promise<void> | undefined;
  /** Aborted when nothing more is wanted: `cancelled` by C-CANCEL, to which the status is to be FE00, or the peer is `gone`. */
  readonly unwanted: AbortSignal;
}

/** Why nothing more is wanted. */
export type Unwanted = 'cancelled' | 'gone';

/** An operation that a request began. Exactly one of `complete` and `discard` ends it. */
export interface Operation {
  /**
   * Takes the next bytes of the request's data set, valid during the call only. A status: the request is refused with it,
   * and the operation is to be discarded.
   */
  append(bytes: Buffer): CommandStatus | undefined;
  /** The request is complete. Resolves with the status of the response, of several of the last one. */
  complete(pending: PendingResponses): Promise<CommandStatus>;
  /** The request will not be completed. */
  discard(): void;
}

/** A request is not performed: this is the status of its response. */
export interface Refusal {
  refused: CommandStatus;
}

/** A DIMSE service of ours, as performer (PS3.7 7.5). */
export interface Service {
  /** Of its requests. */
  readonly commandField: number;
  /** A longer data set is refused with A700; 0: no limit. */
  readonly maxDataSetBytes: number;
  /** Its requests may have several responses, and can be cancelled meanwhile. */
  readonly hasMatches?: true;
  /** True if it is offered on presentation contexts of this abstract syntax. */
  serves(abstractSyntax: string): boolean;
  /** The answer to a request on another context. */
  readonly elsewhere: CommandStatus;
  begin(request: Request): Operation | Refusal;
}

/** The services that an association offers, by Command Field and, where several share one, by abstract syntax. */
export class ServiceRegistry {
  private readonly services = new Map<number, Service[]>();
  private readonly unrecognized: CommandStatus;

  constructor(services: readonly Service[]) {
    for (const service of services) {
      const { commandField } = service;
      this.services.set(commandField, [...(this.services.get(commandField) ?? []), service]);
    }
    const names = [...this.services.keys()].map(operationName);
    this.unrecognized = {
      status: Status.unrecognizedOperation,
      comment: supported(names),
    };
  }

  /** The service that performs such a request on such a context. */
  find(commandField: number, abstractSyntax: string): Service | Refusal {
    const services = this.services.get(commandField) ?? [];
    const service = services.find((each) => each.serves(abstractSyntax));
    return service ?? { refused: services[0]?.elsewhere ?? this.unrecognized };
  }
}

/** In as many characters as a comment may have. */
function supported(names: readonly string[]): string {
  if (names.length > 3) return `only ${names.join(', ')}`;
  return `only ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are supported`;
}
