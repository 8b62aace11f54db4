import type { Node, NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import type { QueryEnd } from '../../../src/query';
import { DICOM_QUERY, type DicomQueryProblem, type DicomQuerySettings } from '../../../src/settings';
import { Boundary } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { settingsFailure } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { onInput } from '../../runtime/on-input';
import { PeerOwner, senderOf, usablePeer } from '../../runtime/peers';
import { runNode } from '../../runtime/run-node';
import { StatusDisplay, type ShownStatus } from '../../runtime/status-display';
import { faultOf, keysOf, type QueryMessage } from './key-values';
import { QUERY_ERRORS, QueryFailed } from './query-error';
import { ArrayOutput, StreamOutput, type QueryOutput, type Send } from './query-output';
import { tellUncaused, warnOfSettings } from '../../runtime/tell';

type Done = (error?: Error) => void;

/** Queries that run, or wait for an association. What comes beyond fails, so that memory is bounded. */
const MOST_QUERIES = 100;

/** A query that has not ended. */
interface OpenQuery {
  messageId: string | undefined;
  done: Done;
  output: QueryOutput;
  /** Its output has no room for more. */
  isFull: boolean;
  peer: PeerOwner;
}

/** A deployed `dicom-query` node: joins messages with the sender, which asks. */
export class QueryNode {
  private readonly text: Text;
  private readonly settings: DicomQuerySettings;
  private readonly problems: DicomQueryProblem[];
  /** Of the keys of the dialog: each query fails, unless its message has another value for them. */
  private readonly keyFault: QueryFailed | undefined;
  private readonly display: StatusDisplay;
  private readonly boundary = new Boundary((error) => this.node.error(error.message));
  /** By the id under which the sender knows them. */
  private readonly queries = new Map<string, OpenQuery>();
  private readonly unwatch: (() => void)[] = [];
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    this.text = nodeTexts(RED, DICOM_QUERY.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_QUERY.parse(config));
    this.keyFault = faultOf(this.settings.keys);
    this.display = new StatusDisplay(
      () => this.status(),
      this.boundary.wrap((status) => node.status(status)),
    );
  }

  run(): void {
    const { boundary } = this;
    runNode(this.RED, this.node, this, {
      boundary,
      started: () => this.flowsStarted(),
      close: () => this.close(),
    });
    onInput(this.node, (message, send, done) => {
      this.take(message as QueryMessage, send as Send, done).catch((error: unknown) =>
        done(error instanceof QueryFailed ? QUERY_ERRORS.errorOf(this.text, error) : asError(error)),
      );
    });
    this.display.refresh();
  }

  private flowsStarted(): void {
    warnOfSettings(this.node, this.text, this.problems);
    // A query may be due at night: what is wrong is told by day.
    const fault = this.invalid ?? this.keyFault;
    if (fault !== undefined) tellUncaused(this.node, QUERY_ERRORS.errorOf(this.text, fault));
    const peer = deployedNodes.get(this.settings.peer, PeerOwner);
    if (peer !== undefined) this.unwatch.push(peer.watch(() => this.display.refresh()));
    this.display.refresh();
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): QueryFailed | undefined {
    return settingsFailure(QueryFailed, errorTexts(this.text, this.problems));
  }

  /** @throws QueryFailed */
  private async take(message: QueryMessage, send: Send, done: Done): Promise<void> {
    if (this.invalid !== undefined) throw this.invalid;
    const { cancel } = message;
    if (cancel) {
      this.cancel(cancel);
      done();
      return;
    }
    const { settings } = this;
    const peer = usablePeer(this.RED, settings.peer);
    if (typeof peer === 'string') throw new QueryFailed('peerMissing', { reason: peer });
    const keys = await keysOf(this.RED, this.node, settings.keys, message);
    if (this.isClosed) throw new QueryFailed('stopped', { reason: '' });
    if (this.queries.size >= MOST_QUERIES) throw new QueryFailed('busy', { max: MOST_QUERIES });
    const output =
      settings.output === 'array'
        ? new ArrayOutput(message, send)
        : new StreamOutput(this.RED, message, send);
    this.ask(keys, { messageId: message._msgid, done, output, isFull: false, peer });
  }

  private ask(keys: string, query: OpenQuery): void {
    const { peer, model, level, limit, relational, combinedDateTime, fuzzy } = this.settings;
    const id = `${this.node.id} ${this.RED.util.generateId()}`;
    this.queries.set(id, query);
    this.display.refresh();
    senderOf(this.RED).query({
      ...{ id, peer, model, level, keys, limit },
      extensions: { relational, combinedDateTime, fuzzy },
      matches: (matches) => this.matches(id, matches),
      ended: (end) => this.ended(id, end),
    });
  }

  /** The flow has its turn between two batches, and so have others. */
  private async matches(id: string, matches: readonly string[]): Promise<void> {
    const query = this.queries.get(id);
    this.boundary.run(() => {
      for (const match of matches) {
        if (query === undefined || query.isFull) return;
        query.isFull = !query.output.add(match);
        if (query.isFull) senderOf(this.RED).cancelQuery(id);
      }
    });
    await new Promise((resolve) => setImmediate(resolve));
  }

  private ended(id: string, end: QueryEnd): void {
    const query = this.queries.get(id);
    if (query === undefined) return;
    this.queries.delete(id);
    this.display.refresh();
    if (end.kind === 'failed') {
      query.output.fail();
      const { failure, text: reason, matches } = end;
      query.done(
        QUERY_ERRORS.errorOf(this.text, new QueryFailed(failure, { reason, matches, peer: query.peer.name })),
      );
      return;
    }
    const { matches, truncated, cancelled, notNegotiated } = end;
    const { model, level } = this.settings;
    query.output.end({
      peer: query.peer.name,
      model,
      ...(model !== 'worklist' && { level }),
      matches,
      truncated,
      notNegotiated,
      cancelled: cancelled && !query.isFull,
    });
    query.done();
  }

  /** @param which the `_msgid` of the message whose query is to end, if that has not ended yet; no text: all */
  private cancel(which: unknown): void {
    for (const [id, { messageId }] of this.queries)
      if (typeof which !== 'string' || messageId === which) senderOf(this.RED).cancelQuery(id);
  }

  /** The peer is told, and nobody hears of what it still finds. */
  private close(): void {
    this.isClosed = true;
    this.display.close();
    for (const unwatch of this.unwatch) unwatch();
    for (const [id, { done, output }] of this.queries) {
      senderOf(this.RED).cancelQuery(id);
      output.fail();
      done(QUERY_ERRORS.errorOf(this.text, new QueryFailed('stopped', { reason: '' })));
    }
    this.queries.clear();
  }

  private status(): ShownStatus {
    const { text } = this;
    const invalid: ShownStatus = {
      state: 'invalid',
      fill: 'red',
      shape: 'ring',
      text: text('status.settings'),
    };
    if (this.invalid !== undefined) return invalid;
    if (this.queries.size > 0)
      return {
        state: 'asking',
        fill: 'blue',
        shape: 'dot',
        text: text('status.asking', { count: this.queries.size }),
      };
    if (this.keyFault !== undefined) return invalid;
    const { outage } = deployedNodes.get(this.settings.peer, PeerOwner)?.state ?? {};
    if (outage !== undefined) return { state: 'down', fill: 'red', shape: 'dot', text: text('status.down') };
    return { state: 'idle', fill: 'green', shape: 'ring', text: text('status.idle') };
  }
}
