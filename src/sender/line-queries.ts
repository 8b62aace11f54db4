import type { OpenOutcome } from '../network';
import type { QueryPeer } from '../query';
import type { Outage } from './circuit';
import { scuTarget, type PeerConfig } from './peer-config';
import { openText } from './peer-words';

/** What asks on associations of its own: a query, or a retrieval. */
export interface Asking {
  readonly id: string;
  /** One association at a time. Never rejects. @param opened told what became of each; says in words why there is none */
  run(peer: QueryPeer, opened: (outcome: OpenOutcome) => string): Promise<void>;
  cancel(): void;
  /** The same, where it has not begun. */
  cancelBeforeRun(): void;
  abort(text: string): void;
  /** It is not begun. */
  refuse(failure: 'unreachable' | 'stopped', text: string): void;
  /** The main thread is done with a batch. */
  taken?(): void;
}

/** What queries want of their line. */
export interface QueryLine {
  /** Associations that may be opened now. */
  freePlaces(): number;
  outage(): Outage | undefined;
  /** An association that only waits for work is to make room. */
  makeRoom(): void;
  /** What became of the wish for an association. */
  opened(outcome: OpenOutcome): void;
  /** One has ended. */
  ended(): void;
}

/** Queries to one peer, each on an association of its own: what is asked for is not kept waiting by what is sent on it. */
export class LineQueries {
  private readonly waiting: Asking[] = [];
  private readonly running = new Map<Asking, Promise<void>>();
  private readonly peer: QueryPeer;

  constructor(
    config: PeerConfig,
    private readonly line: QueryLine,
  ) {
    this.peer = { target: scuTarget(config), limits: config.settings };
  }

  /** Associations that they have. */
  get count(): number {
    return this.running.size;
  }

  /** One waits for an association. */
  get areWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** While the peer cannot be reached, one at a time tries, and the others hear why at once: somebody waits for them. */
  submit(query: Asking): void {
    const outage = this.line.outage();
    if (outage !== undefined && this.running.size > 0) {
      query.refuse('unreachable', outage.reason);
      return;
    }
    this.waiting.push(query);
    this.fill();
  }

  cancel(id: string): void {
    const at = this.waiting.findIndex((each) => each.id === id);
    if (at >= 0) for (const query of this.waiting.splice(at, 1)) query.cancelBeforeRun();
    else this.find(id)?.cancel();
  }

  taken(id: string): void {
    this.find(id)?.taken?.();
  }

  /** As many as there is room for. */
  fill(): void {
    while (this.waiting.length > 0 && this.line.freePlaces() > 0) {
      const query = this.waiting.shift();
      if (query !== undefined) this.start(query);
    }
    if (this.waiting.length > 0) this.line.makeRoom();
  }

  /** Those that wait are not begun any more. Resolves when the others have ended. */
  async close(): Promise<void> {
    for (const query of this.waiting.splice(0)) query.refuse('stopped', 'the peer was changed or removed');
    await Promise.all(this.running.values());
  }

  abort(text: string): void {
    for (const query of this.running.keys()) query.abort(text);
  }

  private find(id: string): Asking | undefined {
    return [...this.running.keys()].find((each) => each.id === id);
  }

  private start(query: Asking): void {
    const opened = (outcome: OpenOutcome): string => {
      this.line.opened(outcome);
      return outcome.outcome === 'opened' ? '' : openText(outcome);
    };
    const ended = query.run(this.peer, opened).finally(() => {
      this.running.delete(query);
      this.line.ended();
      this.fill();
    });
    this.running.set(query, ended);
  }
}
