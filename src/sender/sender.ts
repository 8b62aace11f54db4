import type { MessagePort } from 'node:worker_threads';
import type { JournalEntry, JournalPage } from '../admin-api';
import { loggableReason, LONGEST_TIMER_MS, Paced } from '../basics';
import type { CommitmentReport } from '../network';
import { QueueRefusal, type LetterPage, type OpenedObject } from '../queue';
import { withAgain, type JournalConfig, type JournalQuery } from '../journal';
import { OutcomeRecord } from './outcome-record';
import { Outbox, type OutboxConfig } from './outbox';
import type { OutboxNote } from './outbox-entry';
import { WorkerDecoder } from '../transcode';
import { HomelessJobs } from './homeless-jobs';
import { isSamePeer, type PeerConfig } from './peer-config';
import { PeerLine } from './peer-line';
import type { QueueRequests } from '../delivery';
import { Query, type QueryRequest } from '../query';
import type { Retrieve } from '../retrieve';
import { RequestedJobs } from './requested-jobs';
import { Retrievals, type Tell } from './retrievals';
import { failureOfReading, type SendJob, type SendOutcome } from './send-job';
import type { SenderRequests } from './requests';
import { SenderJournal } from './sender-journal';
import type { SendRequest, ToSender } from './worker-protocol';

/** Nobody reads faster, and each state wakes the main thread. */
const STATE_MS = 250;

/** All outgoing work, in its worker: a line for each peer. */
export class Sender implements SenderRequests {
  private readonly lines = new Map<string, PeerLine>();
  /** Those of peers that have changed, or are gone: they finish what they are sending. */
  private readonly ending = new Map<PeerLine, Promise<void>>();
  private readonly outboxes = new Map<string, Outbox>();
  /** Peers that the host has been asked for. */
  private readonly wanted = new Set<string>();
  /** By the id of their node. */
  private readonly journals = new Map<string, SenderJournal>();
  /** Tells how a line fares. */
  private readonly tellers = new Map<string, Paced>();
  private readonly homeless = new HomelessJobs();
  private readonly outcomes: OutcomeRecord;
  private readonly requested: RequestedJobs;
  private readonly retrievals: Retrievals;
  /** For all peers; its worker runs only while there is something to be decoded. */
  private readonly decoder: WorkerDecoder;

  /** @param failed told of errors that are nobody's @param outcomes as `SenderConfig` has it */
  constructor(
    private readonly tell: Tell,
    failed: (error: Error) => void,
    outcomes?: string,
  ) {
    this.outcomes = new OutcomeRecord(outcomes, ({ message: text }) =>
      this.tell({ kind: 'outcomes-failed', text }),
    );
    this.decoder = new WorkerDecoder(failed);
    this.requested = new RequestedJobs(tell);
    this.retrievals = new Retrievals(tell);
  }

  take(message: ToSender): void {
    switch (message.kind) {
      case 'peer':
        this.setPeer(message.peer);
        break;
      case 'peer-gone':
        this.dropPeer(message.id);
        break;
      case 'send':
        this.begin(message.request);
        break;
      case 'forget':
        this.outcomes.forget(message.lasting);
        break;
      case 'journal':
        this.setJournal(message.id, message.journal);
        break;
      case 'note':
        this.journals.get(message.id)?.append(message.entry);
        break;
      case 'cancel':
        this.homeless.delete(message.id);
        for (const line of this.lines.values()) line.cancel(message.id);
        break;
      case 'query':
        this.query(message.request);
        break;
      case 'cancel-query':
      case 'cancel-retrieve':
        for (const line of this.allLines) line.queries.cancel(message.id);
        break;
      case 'retrieve':
        this.ask(message.request.peer, this.retrievals.begin(message.request));
        break;
      case 'retrieved':
        this.retrievals.addQueue(message.objects);
        break;
      case 'retrieved-delivered':
        this.retrievals.delivered(message.queue, message.id);
        break;
      case 'retrieved-not-delivered':
        this.retrievals.notDelivered(message.queue, message.id, message.reason);
        break;
      case 'matches-taken':
        for (const line of this.allLines) line.queries.taken(message.id);
        break;
      case 'outbox':
        this.setOutbox(message.outbox);
        break;
      case 'store':
        void this.store(message.request, message.outbox, message.note);
        break;
      case 'told':
        void this.outboxes.get(message.outbox)?.told(message.id);
    }
  }

  opened(id: string, object: OpenedObject, port: MessagePort): void {
    this.requested.opened(id, object, port);
  }

  notOpened(id: string, reason: string, isForNow: boolean): void {
    this.requested.notOpened(id, reason, isForNow);
  }

  onRetrieved(queue: string, name: keyof QueueRequests, ...args: unknown[]): unknown {
    return this.retrievals.ask(queue, name, args);
  }

  closeRetrieved(queue: string): Promise<void> {
    return this.retrievals.closeQueue(queue);
  }

  deadLetters(outbox: string, page: LetterPage): ReturnType<Outbox['deadLetters']> {
    return this.outbox(outbox).deadLetters(page);
  }

  requeue(outbox: string, id: string): boolean {
    return this.outbox(outbox).requeue(id);
  }

  discard(outbox: string, id: string): boolean {
    return this.outbox(outbox).discard(id);
  }

  report(peers: readonly string[], report: CommitmentReport): boolean {
    return peers.some((id) => this.lines.get(id)?.report(report) === true);
  }

  async closeOutbox(id: string): Promise<void> {
    const outbox = this.outboxes.get(id);
    this.outboxes.delete(id);
    const closed = outbox?.close();
    // The next one may be given what this one was not.
    this.wanted.clear();
    // What is being sent meanwhile is sent again by the next one, under the same id.
    const isOfIt = (jobId: string): boolean => jobId.startsWith(`${id} `);
    this.homeless.deleteAll(isOfIt);
    for (const line of this.lines.values()) line.cancelAll(isOfIt);
    await closed;
  }

  async journal(node: string, query: JournalQuery): Promise<JournalPage> {
    const page = (await this.journals.get(node)?.page(query)) ?? { entries: [] };
    const ids = page.entries.flatMap(({ objectId }) => objectId ?? []);
    const letters = this.outboxes.get(node)?.repeatable(ids) ?? [];
    return withAgain(page, letters, ({ objectId }) => objectId);
  }

  async journalEntry(node: string, key: string): Promise<JournalEntry | undefined> {
    return this.journals.get(node)?.find(key);
  }

  async closeJournal(node: string): Promise<void> {
    const journal = this.journals.get(node);
    this.journals.delete(node);
    await journal?.close();
  }

  /** What is being sent may be sent within the grace. The host knows what has not been settled. */
  async stop(graceMs: number): Promise<void> {
    for (const id of [...this.lines.keys()]) this.dropPeer(id);
    this.homeless.clear();
    const late = setTimeout(() => {
      for (const line of this.ending.keys()) line.abort('Node-RED stops');
    }, graceMs);
    await Promise.all(this.ending.values());
    clearTimeout(late);
    await Promise.all([...this.outboxes.values()].map((outbox) => outbox.close()));
    await this.outcomes.close();
    await this.retrievals.close();
    await Promise.all([...this.journals.values()].map((journal) => journal.close()));
    // Its worker would keep this one from its end.
    await this.decoder.close();
  }

  private setPeer(config: PeerConfig): void {
    const before = this.lines.get(config.id);
    if (before !== undefined && isSamePeer(before.config, config)) return;
    const { id } = config;
    this.tellers.get(id)?.stop();
    const teller = new Paced(STATE_MS, () => this.tell({ kind: 'peer-state', id, state: line.state }));
    this.tellers.set(id, teller);
    const line = new PeerLine(config, this.decoder, {
      changed: () => {
        // Who has nothing to do may be ended, or its place be taken.
        if (this.lines.get(id) === line) teller.changed(line.isIdle);
      },
      orphaned: (job) => this.submit(id, job),
      reportRefused: (text) => this.tell({ kind: 'report-refused', id, text }),
    });
    this.lines.set(id, line);
    this.wanted.delete(id);
    // What has not been sent goes to where the peer is now.
    for (const job of before?.withdraw() ?? []) line.submit(job);
    if (before !== undefined) this.close(before);
    for (const job of this.homeless.take(id)) line.submit(job);
  }

  /** @throws Error when there is none of the id */
  private outbox(id: string): Outbox {
    const outbox = this.outboxes.get(id);
    if (outbox === undefined) throw new Error('there is no such outbox');
    return outbox;
  }

  private setOutbox(config: OutboxConfig): void {
    const { id } = config;
    if (this.outboxes.has(id)) return;
    this.outboxes.set(
      id,
      new Outbox(config, {
        submit: (peer, job) => this.once(peer, job, job.id, (kept) => this.submit(peer, kept)),
        forget: (job) => this.outcomes.forget(job),
        failed: (peer, job, outcome) => this.once(peer, job, job.id, (kept) => kept.settled(outcome)),
        peerWanted: (peer, defined) => this.want(id, peer, defined),
        nameOf: (peer) => this.nameOf(peer),
        outcome: (object, note, outcome, redelivered) =>
          this.tell({ kind: 'outcome', outbox: id, id: object, note, outcome, redelivered }),
        setAside: (object, why, facts) =>
          this.tell({ kind: 'dead-letter', outbox: id, id: object, why, facts }),
        changed: (state) => this.tell({ kind: 'outbox-state', id, state }),
        leftover: ({ message: text }) => this.tell({ kind: 'outbox-leftover', id, text }),
      }),
    );
  }

  /** As people call it; its id where it is not deployed. */
  private nameOf(peer: string): string {
    return this.lines.get(peer)?.config.name ?? peer;
  }

  private setJournal(id: string, config: JournalConfig): void {
    if (this.journals.has(id)) return;
    const failed = ({ message: text }: Error): void => this.tell({ kind: 'journal-failed', id, text });
    this.journals.set(id, new SenderJournal(config, failed));
  }

  /** The job, of which the journal of its node is told. */
  private recorded(peer: string, job: SendJob): SendJob {
    const node = [...this.journals.keys()].find((id) => job.id.startsWith(`${id} `));
    const journal = node === undefined ? undefined : this.journals.get(node);
    return journal?.recorded(job, () => this.nameOf(peer)) ?? job;
  }

  private async store(request: SendRequest, outbox: string, note: OutboxNote): Promise<void> {
    const job = this.requested.job(request);
    // The journal hears of what is stored when it is sent, and nothing of what may be stored later.
    const recorded = this.recorded(request.peer, job);
    const began = performance.now();
    const settle = (
      of: SendJob,
      outcome: Pick<SendOutcome, 'kind' | 'text' | 'failure' | 'warnings'>,
    ): void => of.settled({ ...outcome, attempts: 0, milliseconds: Math.round(performance.now() - began) });
    try {
      const { warnings } = await this.outbox(outbox).store(() => recorded.open(), note);
      settle(job, { kind: 'sent', text: 'stored', ...(warnings && { warnings }) });
    } catch (error) {
      const text = loggableReason(error);
      if (error instanceof QueueRefusal) settle(job, { kind: 'failed', failure: 'noRoom', text });
      else settle(recorded, { kind: 'failed', failure: failureOfReading(error), text });
    }
  }

  private query(request: QueryRequest): void {
    const { id, peer } = request;
    const query = new Query(request, {
      matches: (matches) => this.tell({ kind: 'matches', id, matches }),
      ended: (end) => this.tell({ kind: 'query-ended', id, end }),
    });
    this.ask(peer, query);
  }

  private ask(peer: string, asking: Query | Retrieve): void {
    const line = this.lines.get(peer);
    if (line === undefined) asking.refuse('peerMissing', 'the peer is not deployed');
    else line.ask(asking);
  }

  /** With those that are about to end. */
  private get allLines(): PeerLine[] {
    return [...this.lines.values(), ...this.ending.keys()];
  }

  private begin(request: SendRequest): void {
    const { peer, lasting } = request;
    const job = this.requested.job(request);
    if (lasting === undefined) this.submit(peer, this.timely(this.recorded(peer, job)));
    else this.once(peer, job, lasting, (kept) => this.submit(peer, kept));
  }

  /** The job, of whose outcome who waits for it hears in time: a try that takes longer is not waited for. */
  private timely(job: SendJob): SendJob {
    const { outcomeMs } = job.policy;
    if (outcomeMs === undefined) return job;
    const late = setTimeout(
      () => this.allLines.some((line) => line.giveUpNow(job.id)),
      Math.min(outcomeMs, LONGEST_TIMER_MS),
    );
    const settled = (outcome: SendOutcome): void => {
      clearTimeout(late);
      job.settled(outcome);
    };
    return { ...job, settled };
  }

  /** One that has an outcome, of which its flow may not have heard, has no other. @param lasting its name over restarts */
  private once(peer: string, job: SendJob, lasting: string, begin: (job: SendJob) => void): void {
    const before = this.outcomes.of(lasting);
    if (before !== undefined) job.settled(before);
    else begin(this.recorded(peer, this.outcomes.kept(lasting, job)));
  }

  /** What is for a peer that is not deployed waits for it. */
  private submit(peer: string, job: SendJob): void {
    const line = this.lines.get(peer);
    if (line !== undefined) {
      line.submit(job);
      return;
    }
    this.homeless.add(peer, job);
  }

  /** Asks once for all that wait for it. */
  private want(outbox: string, peer: string, defined: unknown): void {
    if (this.wanted.has(peer)) return;
    this.wanted.add(peer);
    this.tell({ kind: 'peer-wanted', outbox, peer, defined });
  }

  private dropPeer(id: string): void {
    const line = this.lines.get(id);
    if (line === undefined) return;
    this.lines.delete(id);
    this.tellers.get(id)?.stop();
    this.tellers.delete(id);
    for (const job of line.withdraw()) this.submit(id, job);
    this.close(line);
  }

  private close(line: PeerLine): void {
    this.ending.set(
      line,
      line.close().finally(() => this.ending.delete(line)),
    );
  }
}
