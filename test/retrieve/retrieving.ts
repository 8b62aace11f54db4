import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlowMessage } from '../../src/message';
import type { QueryPeer } from '../../src/query';
import type { ReceiverFault } from '../../src/receiver';
import {
  Retrieve,
  RetrievedObjects,
  retrievedSettings,
  type RetrieveCounts,
  type RetrieveEnd,
  type RetrieveLimits,
  type RetrieveRequest,
  type RetrieveTarget,
} from '../../src/retrieve';
import { DICOM_RETRIEVE } from '../../src/settings';

export const peerAt = (port: number, responseTimeoutSeconds = 30): QueryPeer => ({
  target: { host: '127.0.0.1', port, callingAET: 'NODERED', calledAET: 'ARCHIVE' },
  limits: {
    connectTimeoutSeconds: 10,
    associationTimeoutSeconds: 10,
    responseTimeoutSeconds,
    writeTimeoutSeconds: 10,
    maxPduLength: 131_072,
  },
});

export const study = (studyInstanceUID: string, more: Partial<RetrieveTarget> = {}): RetrieveTarget => ({
  studyInstanceUID,
  seriesInstanceUIDs: [],
  sopInstanceUIDs: [],
  sopClassUIDs: [],
  modalities: [],
  ...more,
});

const QUICK: RetrieveLimits = { pausesMs: [50, 50], cancelSeconds: 1, stallSeconds: 10 };

export interface Ended {
  end: RetrieveEnd;
  progress: RetrieveCounts[];
}

/** One retrieval in this process. */
export function retrieving(
  peer: QueryPeer,
  request: Partial<RetrieveRequest>,
  place?: RetrievedObjects,
  limits = QUICK,
): { retrieve: Retrieve; ended: Promise<Ended> } {
  const progress: RetrieveCounts[] = [];
  let tell: (end: RetrieveEnd) => void = () => undefined;
  const end = new Promise<RetrieveEnd>((resolve) => (tell = resolve));
  const retrieve = new Retrieve(
    { id: 'r', peer: 'p', targets: [], messageId: 1, ...request },
    { progress: (counts) => progress.push(counts), ended: (found) => tell(found) },
    place,
    limits,
  );
  const words = (outcome: { outcome: string; text?: string }): string => outcome.text ?? outcome.outcome;
  const ran = retrieve.run(peer, (outcome) => words(outcome));
  return { retrieve, ended: end.then(async (found) => ({ end: found, progress: (await ran, progress) })) };
}

/** The queue of a node that retrieves, in this process. */
export class Collected {
  readonly messages: FlowMessage[] = [];
  readonly objects: Buffer[] = [];
  readonly faults: ReceiverFault[] = [];
  readonly place: RetrievedObjects;
  readonly folder = mkdtempSync(join(tmpdir(), 'retrieved-'));

  /** @param delivers false: all of it stays in the queue */
  constructor(settings: Record<string, unknown> = {}, delivers = true) {
    const parsed = DICOM_RETRIEVE.parse({ method: 'get', output: 'buffer', ...settings });
    const config = { id: 'n', settings: retrievedSettings(parsed.settings), queueDirectory: this.folder };
    this.place = new RetrievedObjects(config, {
      deliver: (id, { json, object }) => {
        this.messages.push(JSON.parse(json) as FlowMessage);
        if (object !== undefined) this.objects.push(object);
        if (delivers) setImmediate(() => this.place.delivered(id));
      },
      state: () => undefined,
      fault: (fault) => this.faults.push(fault),
    });
    this.place.start();
  }

  async close(): Promise<void> {
    await this.place.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
