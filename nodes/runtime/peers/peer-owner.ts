import type { PeerState } from '../../../src/sender';

/** How a peer reports on storage commitment, on an association of its own. */
export interface PeerReports {
  /** The id of the dicom-in node that it calls. */
  through: string;
  /** Under which it calls. */
  callingAET: string;
}

/** A deployed node that stands for a peer. */
export abstract class PeerOwner {
  private readonly reportListeners = new Set<(text: string) => void>();
  /** As people call it. */
  abstract readonly name: string;
  /** Under which AE title we call it; empty: not known. */
  get callingAET(): string {
    return '';
  }
  /** Why nothing can be sent to it; undefined: something can. */
  abstract readonly problem: string | undefined;
  /** How it fares; undefined: nothing has been sent to it yet. */
  abstract readonly state: PeerState | undefined;
  /** How it reports on storage commitment; undefined: on our associations, or not at all. */
  abstract readonly reports: PeerReports | undefined;
  /** Calls back when the state has changed. Returns how to end that. */
  abstract watch(listener: () => void): () => void;

  /** Calls back with why a report on storage commitment, on an association of ours, was refused. Returns how to end that. */
  watchReports(listener: (text: string) => void): () => void {
    this.reportListeners.add(listener);
    return () => this.reportListeners.delete(listener);
  }

  /** Such a report was refused. */
  protected reportRefused(text: string): void {
    for (const listener of this.reportListeners) listener(text);
  }
}
