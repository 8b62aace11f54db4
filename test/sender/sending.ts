import assert from 'node:assert/strict';
import type { DicomChanges } from '../../src/dicom';
import {
  peerSettings,
  SenderHost,
  type PeerState,
  type RetryPolicy,
  type SendOutcome,
} from '../../src/sender';
import { DICOM_PEER, type DicomPeerSettings } from '../../src/settings';
import { SAMPLE } from '../support/peers/store-client';
import { runningWorkerOf } from '../support/workers/worker-of';

export const QUICK: RetryPolicy = { firstMs: 20, lastMs: 40, giveUpMs: 20_000 };

/** A host with peers, and what it is asked to send. */
export class Sending {
  readonly failures: Error[] = [];
  readonly states = new Map<string, PeerState>();
  readonly host = new SenderHost(
    () => undefined,
    (error) => this.failures.push(error),
  );
  /** Reports on storage commitment, on associations of ours, that were refused. */
  readonly refusedReports: string[] = [];
  private count = 0;

  constructor(private readonly policy = QUICK) {}

  /** The worker is to end by itself, not by force. */
  async stop(): Promise<void> {
    const exits: number[] = [];
    runningWorkerOf(this.host)?.once('exit', (code) => exits.push(code));
    await this.host.stop();
    assert.deepEqual([this.failures, exits.filter((code) => code !== 0)], [[], []]);
  }

  peer(id: string, port: number, settings: Partial<DicomPeerSettings> = {}): void {
    const all = { ...DICOM_PEER.defaults, host: '127.0.0.1', port, lingerSeconds: 1, ...settings };
    this.host.addPeer(
      { id, name: id, settings: peerSettings(all) },
      {
        state: (state) => this.states.set(id, state),
        reportRefused: (text) => this.refusedReports.push(`${id}: ${text}`),
      },
    );
  }

  /** Resolves when the worker has heard all that it was told so far. */
  async isHeard(): Promise<void> {
    await this.host.ask('journal', 'that nobody keeps', {});
  }

  /** Each has another id, unless `more` says one. */
  file(
    peer: string,
    path = SAMPLE,
    policy = this.policy,
    sopInstanceUID?: string,
    more: { id?: string; changes?: DicomChanges } = {},
  ): Promise<SendOutcome> {
    this.count += 1;
    return new Promise((settled) =>
      this.host.send({
        id: String(this.count),
        peer,
        place: { kind: 'file', path },
        policy,
        ...(sopInstanceUID !== undefined && { sopInstanceUID }),
        ...more,
        settled,
      }),
    );
  }
}
