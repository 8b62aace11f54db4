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

/** An operation that a request began. Exactly one of `complete` and `discard` ends it. */
export interface Operation {
  /**
   * Takes the next bytes of the request's data set, valid during the call only. A status: the request is refused with it,
   * and the operation is to be discarded.
   */
  append(bytes: Buffer): CommandStatus | undefined;
  /** The request is complete. Resolves with the status of the response. */
  complete(): Promise<CommandStatus>;
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
      comment: `only ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are supported`,
    };
  }

  /** The service that performs such a request on such a context. */
  find(commandField: number, abstractSyntax: string): Service | Refusal {
    const services = this.services.get(commandField) ?? [];
    const service = services.find((each) => each.serves(abstractSyntax));
    return service ?? { refused: services[0]?.elsewhere ?? this.unrecognized };
  }
}
