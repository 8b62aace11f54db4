import { acknowledgeIdOf, sequenceOf } from './object-id';

/**
 * Finds objects by their acknowledge ids. Few flows name objects so: what finds them is made when the first one does, and
 * kept up from then on.
 */
export class AcknowledgeNames {
  /** By `sequenceOf`, which both names of an object share. */
  private ids: Map<string, string> | undefined;

  /** @param known the ids of all objects that can be named */
  constructor(private readonly known: () => Iterable<string>) {}

  add(id: string): void {
    this.ids?.set(sequenceOf(id), id);
  }

  remove(id: string): void {
    this.ids?.delete(sequenceOf(id));
  }

  /** The id that belongs to this acknowledge id. Undefined: no object here has it. */
  find(acknowledgeId: string): string | undefined {
    this.ids ??= new Map([...this.known()].map((id) => [sequenceOf(id), id]));
    const id = this.ids.get(sequenceOf(acknowledgeId));
    return id !== undefined && acknowledgeIdOf(id) === acknowledgeId ? id : undefined;
  }

  clear(): void {
    this.ids = undefined;
  }
}
