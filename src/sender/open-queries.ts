import type { QueryEnd, QueryRequest } from '../query';
import type { ToSender } from './worker-protocol';

/** What somebody wants to know, on the main thread. */
export interface Querying extends QueryRequest {
  /** JSON of a DicomMessage each. More come when it has resolved; it does not reject. */
  matches(matches: string[]): Promise<void>;
  /** Called once, behind all matches. Not where the host has stopped. */
  ended(end: QueryEnd): void;
}

/** A query of which the worker is told, and what it has found that is still to be looked at. */
interface OpenQuery {
  querying: Querying;
  taken: Promise<void>;
  matches: number;
}

/** Queries that have not ended, on the main thread. */
export class OpenQueries {
  private readonly queries = new Map<string, OpenQuery>();

  /** @param failed told of what a listener has thrown */
  constructor(
    private readonly post: (message: ToSender) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  add(querying: Querying): void {
    this.queries.set(querying.id, { querying, taken: Promise.resolve(), matches: 0 });
    this.tell(querying);
  }

  /** It is to end with what there is. */
  cancel(id: string): void {
    this.post({ kind: 'cancel-query', id });
  }

  /** A worker that has just begun knows of none. */
  tellAll(): void {
    for (const { querying } of this.queries.values()) this.tell(querying);
  }

  private tell({ id, peer, model, level, keys, limit, extensions }: QueryRequest): void {
    this.post({ kind: 'query', request: { id, peer, model, level, keys, limit, extensions } });
  }

  found(id: string, matches: string[]): void {
    const query = this.queries.get(id);
    if (query === undefined) return;
    query.matches += matches.length;
    query.taken = query.taken
      .then(() => query.querying.matches(matches))
      .then(() => this.post({ kind: 'matches-taken', id }));
  }

  ended(id: string, end: QueryEnd): void {
    const query = this.queries.get(id);
    this.queries.delete(id);
    query?.taken.then(() => query.querying.ended(end)).catch(this.failed);
  }

  /** Nothing more comes. Matches that came are not asked for again, and half an answer is none. */
  lose(text: string): void {
    for (const [id, { matches }] of this.queries)
      this.ended(id, { kind: 'failed', failure: 'stopped', matches, text });
  }
}
