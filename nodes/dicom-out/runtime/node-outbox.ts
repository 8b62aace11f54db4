import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { LetterFacts } from '../../../src/admin-api';
import type { OutboxConfig, OutboxNote, OutboxState, RetryPolicy, SendOutcome } from '../../../src/sender';
import { splitList, type DicomOutSettings } from '../../../src/settings';
import type { Boundary } from '../../../src/worker';
import type { DeadLetterBox } from '../../runtime/routes';
import { DefinedPeers, type StoredPeer } from './defined-peers';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { nodeDirectory } from '../../runtime/node-directory';
import type { Text } from '../../runtime/node-texts';
import { PeerOwner, senderOf } from '../../runtime/peers';
import { removeQueueWithNode } from '../../runtime/queues';
import { definitionFailure } from './message-peer';
import { errorFacts, outError, OutFailed } from './out-error';
import { failureOf, sentOf } from './outcome-facts';
import { tellUncaused } from '../../runtime/tell';

const BYTES_PER_MEGABYTE = 1_000_000;

/** What an outbox shares with its node. */
interface AboutNode {
  readonly text: Text;
  /** The second output is on, and wired. */
  readonly hasFailureWire: boolean;
  readonly boundary: Boundary;
  /** Its state has changed. */
  changed(): void;
}

/** The outbox of a `dicom-out` node: what becomes of objects after their messages went on. */
export class NodeOutbox {
  /** As the sender told of it last. */
  state: OutboxState | undefined;
  private readonly config: OutboxConfig;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly settings: DicomOutSettings,
    policy: RetryPolicy,
    private readonly about: AboutNode,
  ) {
    const { outboxDirectory, maxQueued, minFreeDiskMB } = settings;
    this.config = {
      id: node.id,
      directory: nodeDirectory(RED, node.id, outboxDirectory),
      maxObjects: maxQueued,
      minFreeBytes: minFreeDiskMB * BYTES_PER_MEGABYTE,
      policy,
    };
  }

  /** There may be room for one more object, as far as is known. */
  get mayHaveRoom(): boolean {
    return this.state !== undefined && this.state.waiting < this.config.maxObjects;
  }

  get deadLetterBox(): DeadLetterBox {
    const { id } = this.config;
    const sender = senderOf(this.RED);
    return {
      deadLetters: (page) => sender.ask('deadLetters', id, page),
      requeue: (letter) => sender.ask('requeue', id, letter),
      discard: (letter) => sender.ask('discard', id, letter),
    };
  }

  open(): void {
    senderOf(this.RED).addOutbox(this.config, {
      state: (state) => {
        if (state.problem !== undefined && state.problem !== this.state?.problem)
          tellUncaused(
            this.node,
            outError(this.about.text, new OutFailed('outboxUnavailable', { reason: state.problem })),
          );
        this.state = state;
        this.about.changed();
      },
      outcome: (note, outcome, redelivered) => this.told(note, outcome, redelivered),
      leftover: (text) => this.node.warn(text),
      peerWanted: this.about.boundary.wrap((peer: string, defined: unknown) =>
        this.peerWanted(peer, defined),
      ),
      setAside: (id, why, facts) => this.setAside(id, why, facts),
    });
  }

  /** Objects that were stored with a peer that their message defined wait for it. Where it may not be any more, they go on waiting. */
  private peerWanted(id: string, defined: unknown): void {
    try {
      const ranges = splitList(this.settings.allowedPeerHosts);
      // What waits for it keeps it.
      DefinedPeers.of(this.RED)
        .useStored(id, defined as StoredPeer, ranges)
        .release();
    } catch (error) {
      tellUncaused(this.node, outError(this.about.text, definitionFailure(error)));
    }
  }

  /** What is in it stays there. @param isRemoved with its node */
  async close(isRemoved: boolean): Promise<void> {
    const { id, directory } = this.config;
    await senderOf(this.RED).removeOutbox(id);
    if (!isRemoved) return;
    const kept = this.about.text('warning.outboxKept', { directory });
    await removeQueueWithNode(this.node, directory, this.settings.outboxDirectory === '', kept);
  }

  /** What became of an object of the outbox, later than its message went on. */
  private told(note: OutboxNote, outcome: SendOutcome, redelivered: number): void {
    const { topic, messageId: _msgid, sentId, peer } = note;
    const name = note.peerName ?? deployedNodes.get(peer, PeerOwner)?.name ?? peer;
    const sent = { ...sentOf(sentId, name, outcome), ...(redelivered > 0 && { redelivered }) };
    const message = { topic, dicom: { ...note.dicom, sent }, _msgid } as NodeMessage;
    const failed = outcome.kind === 'failed' ? failureOf(outcome) : undefined;
    if (this.about.hasFailureWire)
      this.node.send([null, { ...message, ...(failed && { error: errorFacts(this.about.text, failed) }) }]);
    else if (failed !== undefined) this.node.error(outError(this.about.text, failed), message);
  }

  /** The same event as dicom-in's. Its failure has been told of before. */
  private setAside(id: string, text: string, facts: LetterFacts): void {
    if (!this.about.hasFailureWire) return;
    const event = { at: new Date().toISOString(), event: 'dead-letter', queueId: `${this.node.id}:${id}` };
    this.node.send([null, { topic: event.event, payload: { ...event, text, ...facts } }]);
  }
}
