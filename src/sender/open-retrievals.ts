import type { RetrieveCounts, RetrieveEnd, RetrieveRequest } from '../retrieve';
import type { ToSender } from './worker-protocol';

/** What somebody wants retrieved, on the main thread. */
export interface Retrieving extends RetrieveRequest {
  progress(counts: RetrieveCounts): void;
  /** Called once. Not where the host has stopped. */
  ended(end: RetrieveEnd): void;
}

/** Retrievals that have not ended, on the main thread. */
export class OpenRetrievals {
  private readonly retrievals = new Map<string, Retrieving>();

  constructor(private readonly post: (message: ToSender) => void) {}

  add(retrieving: Retrieving): void {
    this.retrievals.set(retrieving.id, retrieving);
    this.tell(retrieving);
  }

  /** It is to end with what there is. */
  cancel(id: string): void {
    this.post({ kind: 'cancel-retrieve', id });
  }

  /** A worker that has just begun knows of none. */
  tellAll(): void {
    for (const retrieving of this.retrievals.values()) this.tell(retrieving);
  }

  private tell({ id, peer, targets, moveDestination, queue, messageId }: RetrieveRequest): void {
    const how = {
      ...(moveDestination !== undefined && { moveDestination }),
      ...(queue !== undefined && { queue }),
    };
    this.post({ kind: 'retrieve', request: { id, peer, targets, messageId, ...how } });
  }

  progress(id: string, counts: RetrieveCounts): void {
    this.retrievals.get(id)?.progress(counts);
  }

  ended(id: string, end: RetrieveEnd): void {
    const retrieving = this.retrievals.get(id);
    this.retrievals.delete(id);
    retrieving?.ended(end);
  }

  /** Nothing more is told. What has come is in its queue; the rest is asked for again by whoever wants it. */
  lose(text: string): void {
    const result = {
      ...{ completed: 0, failed: 0, warning: 0, remaining: 0 },
      ...{ failedSOPInstanceUIDs: [], status: '', cancelled: false },
    };
    for (const id of [...this.retrievals.keys()])
      this.ended(id, { kind: 'failed', failure: 'stopped', text, result });
  }
}
