import { Claims } from '../../claims';
import type { QueuedObject } from '../../object-queue';
import { Suspects } from '../../suspects';
import type { LocalCopies, LocalCopy } from '../copies';
import type { Leased, NewRow, ObjectRow, ObjectRows } from '../rows';
import { ClaimedObject } from './claimed-object';
import { CopyReader } from './copy-reader';
import { Fetching } from './fetching';
import { PutClaims, type PutClaim, type ToBePut } from './put-claims';
import { type Ours, RowClaims } from './row-claims';
import type { RowSource } from './row-finder';
import { Unasked } from './unasked';

/** What objects are claimed from, once there is a database. */
export interface ClaimSource extends RowSource {
  rows: ObjectRows;
  copies: LocalCopies;
}

export interface ClaimListener {
  /** Has been claimed. */
  claimed(row: ObjectRow): void;
  failed(error: unknown): void;
}

const FIRST_ATTEMPT = {
  state: 'queued',
  deliveries: 0,
  unacknowledged: 0,
  crashes: 0,
  parking: undefined,
} as const;

/** The objects that this instance has claimed from the database: those that it is about to deliver, and those in flight. */
export class ClaimedObjects {
  private readonly claims = new Claims<ClaimedObject>(() => this.take());
  private readonly objects = new Map<string, ClaimedObject>();
  private readonly inFlight = new Set<string>();
  private readonly suspects = new Suspects(() => this.claims.wake());
  private readonly reader = new CopyReader({
    isHere: (object) => this.isHere(object),
    dropIfGone: (object) => this.dropIfGone(object),
    ready: (objects) => this.makeReady(objects),
    unreadable: (objects) => this.waitAgain(objects),
    failed: (error) => this.listener.failed(error),
    hasRoom: () => this.fetching.soon(),
  });
  private readonly rows = new RowClaims(
    () => this.source(),
    () => this.here,
  );
  private readonly puts = new PutClaims(this.rows.held);
  private readonly fetching = new Fetching(
    () => this.delivers() && this.rows.mayFind && this.source() !== undefined,
    (max) => this.fetch(max),
    (error) => this.listener.failed(error),
  );
  private readonly unasked = new Unasked();

  /**
   * @param source undefined: there is no database
   * @param delivers false: nothing is claimed now; `claim` waits
   */
  constructor(
    private readonly source: () => ClaimSource | undefined,
    private readonly delivers: () => boolean,
    private readonly listener: ClaimListener,
  ) {}

  begin(): void {
    this.claims.reset();
    this.rows.mayBeIn();
  }

  /** As `ObjectQueue.claim`. */
  claim(max: number): Promise<QueuedObject[]> {
    const claimed = this.claims.claim(max);
    this.fetching.until(claimed, max);
    return claimed;
  }

  get(id: string): ClaimedObject | undefined {
    return this.objects.get(id);
  }

  isInFlight(id: string): boolean {
    return this.inFlight.has(id);
  }

  /** Undefined: none of this number is here. */
  withNumber(seq: number): ClaimedObject | undefined {
    for (const object of this.objects.values()) if (object.row.seq === seq) return object;
    return undefined;
  }

  /**
   * Claims an object as it is put, for whoever waits for objects. What becomes of it is told by `claimedAsPut` or `notPut`.
   * Undefined: it is to wait, for others come before it, or nobody wants it here.
   */
  claimAsPut(object: ToBePut): PutClaim | undefined {
    const session = this.source()?.session;
    const taken = this.claims.size + this.reader.lateCount + this.puts.size;
    if (session === undefined || !this.delivers() || !this.isOurs || this.fetching.wanted <= taken)
      return undefined;
    if (!this.rows.isSettled || this.reader.isLate(object.stream)) return undefined;
    return this.puts.begin(object, session.number);
  }

  /** It is in the database. False: it is not this instance's any more. @param copy becomes this one's */
  claimedAsPut(claim: PutClaim, row: NewRow, copy: LocalCopy, note: unknown): boolean {
    const source = this.source();
    const isHere = this.puts.end(claim, true);
    if (isHere && source?.session.number === claim.session) {
      const object = this.add(source, { ...FIRST_ATTEMPT, ...row, lease: claim.lease, sha256: row.sha256 });
      Object.assign(object, { copy, note });
      this.makeReady([object]);
      return true;
    }
    if (isHere) this.rows.lose([claim]);
    copy.discard();
    return false;
  }

  /** It could not be put or claimed, or it is to be taken out again. */
  notPut(claim: PutClaim): void {
    this.puts.end(claim, false);
  }

  /** It has just been received here, and need not be read when it is claimed here. */
  received(id: string, copy: LocalCopy, note: unknown, size: number): void {
    if (this.delivers()) this.reader.received(id, { copy, note, size });
    else copy.discard();
  }

  /** Certainly nobody else has what is claimed here. */
  private get isOurs(): boolean {
    return this.source()?.session.isAlive === true;
  }

  /** The next that is here. Undefined: there is none, it has to wait for a moment, or it may be somebody else's. */
  private take(): QueuedObject | undefined {
    const object = this.next;
    if (object === undefined || !this.isOurs) return undefined;
    const attempts = { ...object.row, isOpen: true };
    if (!this.suspects.mayBegin(attempts)) return undefined;
    this.claims.shift();
    this.inFlight.add(object.id);
    this.suspects.begin(object.id, attempts);
    return object.queued();
  }

  /** What is not here any more is passed over, also where it has been claimed once more. */
  private get next(): ClaimedObject | undefined {
    let object = this.claims.head;
    for (; object !== undefined && !this.isHere(object); object = this.claims.head) this.claims.shift();
    return object;
  }

  /** There may be something to claim. @param stream the association in which it is; undefined: any */
  fetchSoon(stream?: number): void {
    this.rows.mayBeIn(stream);
    this.fetching.soon();
  }

  private async fetch(max: number): Promise<void> {
    const source = this.source();
    // What is claimed as it is put does not count: else others would wait for as long as enough of that comes.
    const room = max - this.reader.lateCount;
    if (source?.session.isAlive !== true || room <= 0) return;
    const { objects, caughtUp } = await this.rows.claim(source, room, (row) => this.add(source, row));
    await this.reader.read(source.copies, objects);
    this.rows.held.caughtUp(caughtUp);
  }

  /** They are here, and may be given to somebody. Meanwhile, they may have become somebody else's. */
  private makeReady(objects: readonly ClaimedObject[]): void {
    this.claims.addAll(objects.filter((object) => this.isHere(object)));
  }

  private isHere(object: ClaimedObject): boolean {
    return this.objects.get(object.id) === object;
  }

  /** As `CopyReaderListener.dropIfGone`. */
  private async dropIfGone({ id, row }: ClaimedObject): Promise<void> {
    const found = await this.source()?.rows.find(row.seq);
    const isOurs = found?.id === id && found.state === 'queued' && found.lease === row.lease;
    if (!isOurs) this.drop(id);
  }

  /**
   * They are this instance's, and cannot be read now: so they wait again, and nothing is counted. What is claimed at the same time does
   * not find them, and must not be ready before they are found. @throws the client's error
   */
  private async waitAgain(objects: readonly ClaimedObject[]): Promise<void> {
    this.letGo(objects.filter((object) => this.isHere(object)));
    await this.rows.settle();
  }

  private letGo(objects: readonly ClaimedObject[]): void {
    for (const { id } of objects) this.drop(id);
    this.rows.giveBack(objects.map(({ row }) => row));
  }

  /** What is claimed here, or as it is put. */
  private get here(): Ours[] {
    return [...[...this.objects.values()].map(({ row }) => row), ...this.puts.all()];
  }

  private add({ session: { lease } }: ClaimSource, row: ObjectRow): ClaimedObject {
    this.drop(row.id);
    const object = new ClaimedObject(row, { lease, holds: (one) => this.isHere(one) });
    this.objects.set(row.id, object);
    this.listener.claimed(row);
    return object;
  }

  /**
   * Puts an object in flight that had been, and of which an owner is done.
   * @param change does so in the database; resolves with its row, or with something else where it is not in flight
   */
  async again<T>(source: ClaimSource, change: () => Promise<T | ObjectRow>): Promise<T | ClaimedObject> {
    const object = await this.rows.change(async () => {
      const row = await change();
      if (!isRow(row)) return row;
      const added = this.add(source, row);
      this.inFlight.add(row.id);
      return added;
    });
    if (object instanceof ClaimedObject)
      await this.reader.copy(source.copies, [object]).catch((error: unknown) => {
        this.drop(object.id);
        // It is in flight here nevertheless, and nobody knows.
        this.rows.missSome();
        throw error;
      });
    return object;
  }

  /** The flow has got its message. */
  delivered(id: string): void {
    this.suspects.delivered(id);
  }

  /** As `ObjectQueue.reclaim`. @throws the client's error */
  async reclaim(id: string): Promise<QueuedObject | undefined> {
    const object = this.objects.get(id);
    if (object === undefined || !this.inFlight.has(id)) return undefined;
    const row = await this.source()?.leased.claimAgain(object.row.seq, object.row.lease);
    if (this.objects.get(id) !== object) return undefined;
    // It is in flight no more, or in flight elsewhere.
    if (row === undefined) {
      this.drop(id);
      return undefined;
    }
    object.row = row;
    this.suspects.end(id);
    this.suspects.begin(id, { ...row, isOpen: true });
    return object.queued();
  }

  /** It is this instance's still. */
  release(id: string): void {
    const object = this.objects.get(id);
    if (object === undefined || !this.inFlight.delete(id)) return;
    this.suspects.end(id);
    this.claims.release(object);
  }

  postpone(id: string): void {
    this.suspects.end(id);
  }

  /** It is not claimed here any more. */
  drop(id: string): void {
    const object = this.objects.get(id);
    if (object === undefined) return;
    this.objects.delete(id);
    this.inFlight.delete(id);
    this.suspects.end(id);
    object.copy?.discard();
  }

  /** The session is over. */
  sessionEnded(): void {
    this.rows.sessionEnded();
    this.dropAll();
  }

  private dropAll(): void {
    for (const id of [...this.objects.keys()]) this.drop(id);
    this.reader.forget();
  }

  /** Others may have the associations of which nothing is claimed here, or nothing is asked for. @throws the client's error */
  async unlease(source: ClaimSource): Promise<void> {
    await this.rows.unlease(source, () => {
      if (source.session.others > 0) this.letGo(this.takeUnasked());
    });
  }

  /** What is ready, and nobody here asks for. */
  private takeUnasked(): ClaimedObject[] {
    const ready = this.fetching.wanted > 0 ? [] : this.claims.ids().filter((object) => this.isHere(object));
    const isReady = new Set(ready);
    const others = [...this.objects.values()].filter((object) => !isReady.has(object)).map(({ row }) => row);
    return this.unasked.next(ready, new Set([...others, ...this.puts.all()].map(({ stream }) => stream)));
  }

  /** Ends all of it. Returns the rows of what was in flight, and of what had been given to nobody. */
  close(): { inFlight: Leased[]; others: Leased[] } {
    const objects = [...this.objects.values()];
    const inFlight = objects.filter(({ id }) => this.inFlight.has(id)).map(({ row }) => row);
    const ready = objects.filter(({ id }) => !this.inFlight.has(id)).map(({ row }) => row);
    const others = [...ready, ...this.puts.close(), ...this.rows.close()];
    this.dropAll();
    this.claims.close();
    this.reader.close();
    this.suspects.clear();
    return { inFlight, others };
  }
}

function isRow(value: unknown): value is ObjectRow {
  return typeof value === 'object' && value !== null && 'lease' in value;
}
