import { Claims } from '../claims';
import type { QueuedObject } from '../object-queue';
import { Suspects } from '../suspects';
import { ClaimedObject } from './claimed-object';
import { FreshCopies } from './fresh-copies';
import { HeldStreams } from './held-streams';
import { isSlow, type LocalCopies } from './local-copies';
import type { LocalCopy } from './local-copy';
import type { NewRow, ObjectRow, ObjectRows } from './object-rows';
import { PutClaims, type PutClaim, type ToBePut } from './put-claims';
import type { Session } from './session';
import { Turns } from './turns';

/** With enough to do, an instance takes on an association that nobody has so often. */
const LEASE_MS = 1_000;

/** What objects are claimed from, once there is a database. */
export interface ClaimSource {
  rows: ObjectRows;
  session: Session;
  copies: LocalCopies;
}

export interface ClaimListener {
  /** Has been claimed. */
  claimed(row: ObjectRow): void;
  failed(error: unknown): void;
}

/** An object that is, or was, in flight under a lease. */
export type Leased = Pick<ObjectRow, 'seq' | 'lease'>;

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
  private readonly fresh = new FreshCopies();
  /** What changes which associations this instance has. */
  private readonly leasing = new Turns(1);
  /** Those that are still being read; and by association, what resolves with whether the last of them is ready. */
  private readonly late = new Set<ClaimedObject>();
  private readonly reading = new Map<number, Promise<boolean>>();
  /** The database may have some as this instance's that are not here. */
  private mayHaveOthers = false;
  /** What it had under sessions that are over, none of which has ended this instance. */
  private lost: Leased[] = [];
  private wanted = 0;
  private isFetching = false;
  private fetchAgain = false;
  /** Objects may wait that could be claimed; and some of them in associations that are not this instance's yet. */
  private mayWait = false;
  private mayWaitElsewhere = false;
  private leaseDueAt = 0;
  private readonly held = new HeldStreams();
  private readonly puts = new PutClaims(this.held);
  private isLettingGo = false;

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
    this.mayWait = this.mayWaitElsewhere = true;
  }

  /** As `ObjectQueue.claim`. */
  claim(max: number): Promise<QueuedObject[]> {
    const claimed = this.claims.claim(max);
    this.wanted = max;
    void claimed.then(
      () => (this.wanted = 0),
      () => undefined,
    );
    this.fetch();
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
    const taken = this.claims.size + this.late.size + this.puts.size;
    if (session === undefined || !this.delivers() || !this.isOurs || this.wanted <= taken) return undefined;
    // What is being given up must not be missed by that.
    if (this.isLettingGo || this.mayHaveOthers || this.reading.has(object.stream)) return undefined;
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
    if (isHere) this.lost.push(claim);
    copy.discard();
    return false;
  }

  /** It could not be put, or it is to be taken out again. */
  notPut(claim: PutClaim): void {
    this.puts.end(claim, false);
  }

  /** It has just been received here, and need not be read when it is claimed here. */
  received(id: string, copy: LocalCopy, note: unknown, size: number): void {
    if (this.delivers()) this.fresh.add(id, { copy, note, size });
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
    this.mayWait = true;
    if (stream !== undefined) this.held.fellBehind(stream);
    if (stream === undefined || !this.held.has(stream)) this.mayWaitElsewhere = true;
    this.fetch();
  }

  private fetch(): void {
    if (!this.delivers() || this.wanted === 0 || !this.mayWait || this.source() === undefined) return;
    if (this.isFetching) {
      this.fetchAgain = true;
      return;
    }
    this.isFetching = true;
    setImmediate(() => void this.fetchOnce());
  }

  private async fetchOnce(): Promise<void> {
    this.fetchAgain = false;
    const source = this.source();
    try {
      if (this.wanted > 0 && source?.session.isAlive === true) await this.fetchUpTo(source, this.wanted);
    } catch (error) {
      this.listener.failed(error);
    }
    this.isFetching = false;
    if (this.fetchAgain) this.fetch();
  }

  private async fetchUpTo(source: ClaimSource, max: number): Promise<void> {
    const room = max - this.late.size - this.puts.size;
    if (room <= 0) return;
    const { number } = source.session;
    const { objects, caughtUp } = await this.leasing.run(() => this.claimRows(source, number, room));
    const lateStreams = new Set(objects.filter((object) => this.isLate(object)).map(({ row }) => row.stream));
    const isLate = ({ row }: ClaimedObject): boolean => lateStreams.has(row.stream);
    for (const object of objects.filter(isLate)) this.readLate(source, object);
    await this.readNow(
      source,
      objects.filter((object) => !isLate(object)),
    );
    this.held.caughtUp(caughtUp);
  }

  /** It may take long to be read, or comes behind one that does. */
  private isLate({ row }: ClaimedObject): boolean {
    return this.reading.has(row.stream) || (isSlow(row) && !this.fresh.has(row.id));
  }

  private async readNow(source: ClaimSource, objects: readonly ClaimedObject[]): Promise<void> {
    if (objects.length === 0) return;
    try {
      await this.readCopies(source, objects);
    } catch (error) {
      await this.waitAgain(source, objects);
      throw error;
    }
    this.makeReady(objects);
  }

  /** What takes long to read holds up what follows in its association, and nothing else. */
  private readLate(source: ClaimSource, object: ClaimedObject): void {
    const { reading, late } = this;
    const { stream } = object.row;
    const before = reading.get(stream) ?? Promise.resolve(true);
    const failed = (error: unknown): false => {
      this.listener.failed(error);
      return false;
    };
    const isRead = this.readCopies(source, [object]).then(() => true, failed);
    const isReady = Promise.all([before, isRead]).then(async (both) => {
      late.delete(object);
      if (both.includes(false)) return this.waitAgain(source, [object]).then(() => false, failed);
      this.makeReady([object]);
      return true;
    });
    late.add(object);
    reading.set(stream, isReady);
    void isReady.then((isOne) => {
      if (reading.get(stream) === isReady) reading.delete(stream);
      if (isOne) this.fetch();
    });
  }

  /** They are here, and may be given to somebody. Meanwhile, they may have become somebody else's. */
  private makeReady(objects: readonly ClaimedObject[]): void {
    this.claims.addAll(objects.filter((object) => this.isHere(object)));
  }

  private isHere(object: ClaimedObject): boolean {
    return this.objects.get(object.id) === object;
  }

  /** They are this instance's, and cannot be read now: so they wait again, and nothing is counted. @throws the client's error */
  private async waitAgain({ rows }: ClaimSource, objects: readonly ClaimedObject[]): Promise<void> {
    const here = objects.filter((object) => this.isHere(object));
    for (const { id, row } of here) {
      this.drop(id);
      this.held.fellBehind(row.stream);
    }
    this.mayHaveOthers = true;
    await rows.giveBack(here.map(({ row }) => row));
  }

  /** Resolves with up to which moment all that waits is among those. */
  private async claimRows(
    source: ClaimSource,
    session: number,
    max: number,
  ): Promise<{ objects: ClaimedObject[]; caughtUp: number }> {
    await this.settleLost(source);
    await this.giveBackOthers(source, session);
    try {
      const { found, caughtUp } = await this.findRows(source, session, max);
      if (this.source() === source && source.session.number === session)
        return { objects: found.map((row) => this.add(source, row)), caughtUp };
      // They are somebody else's, or will be claimed once more, and nobody has begun with them.
      this.lost.push(...found);
      this.mayWait = this.mayWaitElsewhere = true;
      return { objects: [], caughtUp: -1 };
    } catch (error) {
      // What the answer would have told is claimed nevertheless.
      this.mayHaveOthers = true;
      this.mayWait = this.mayWaitElsewhere = true;
      throw error;
    }
  }

  /** Resolves with how many associations it has got. */
  private async lease(source: ClaimSource, session: number, max: number): Promise<number> {
    this.leaseDueAt = performance.now() + LEASE_MS;
    const leased = await source.rows.lease(session, max);
    // Else it has been for one that is over.
    if (source.session.number === session)
      for (const { stream, lease } of leased) this.held.leased(stream, lease);
    return leased.length;
  }

  /**
   * In its own associations first; but where these always have enough, what one that is gone had must not wait for ever. What
   * comes meanwhile is told once more.
   */
  private async findRows(
    source: ClaimSource,
    session: number,
    max: number,
  ): Promise<{ found: ObjectRow[]; caughtUp: number }> {
    const { rows } = source;
    this.mayWait = false;
    let caughtUp = this.held.now;
    const found = await rows.claim(session, max);
    if (found.length < max && this.mayWaitElsewhere) {
      this.mayWaitElsewhere = false;
      const leased = await this.lease(source, session, max - found.length);
      if (leased === max - found.length) this.mayWaitElsewhere = true;
      if (leased > 0) {
        caughtUp = this.held.now;
        found.push(...(await rows.claim(session, max - found.length)));
      }
    } else if (this.mayWaitElsewhere && performance.now() > this.leaseDueAt) {
      await this.lease(source, session, 1);
    }
    if (found.length === max || this.mayWaitElsewhere) this.mayWait = true;
    return { found, caughtUp: found.length === max ? -1 : caughtUp };
  }

  /** @throws the client's error */
  private async settleLost({ rows }: ClaimSource): Promise<void> {
    const { lost } = this;
    if (lost.length === 0) return;
    this.lost = [];
    try {
      await rows.settleLost(lost);
    } catch (error) {
      this.lost.push(...lost);
      throw error;
    }
  }

  private async giveBackOthers({ rows }: ClaimSource, session: number): Promise<void> {
    if (!this.mayHaveOthers) return;
    const known = [...this.objects.values()].map(({ row }) => row.seq);
    await rows.giveBackOthers(session, [...known, ...this.puts.all().map(({ seq }) => seq)]);
    this.held.allFellBehind();
    this.mayHaveOthers = false;
  }

  private add({ session: { lease } }: ClaimSource, row: ObjectRow): ClaimedObject {
    this.drop(row.id);
    const object = new ClaimedObject(row, { lease, holds: (one) => this.isHere(one) });
    this.objects.set(row.id, object);
    this.listener.claimed(row);
    return object;
  }

  private async readCopies({ copies }: ClaimSource, objects: readonly ClaimedObject[]): Promise<void> {
    const missing: ClaimedObject[] = [];
    for (const object of objects) {
      const fresh = this.fresh.take(object.id);
      if (fresh === undefined) missing.push(object);
      else Object.assign(object, { copy: fresh.copy, note: fresh.note });
    }
    if (missing.length === 0) return;
    const found = await copies.fetch(missing.map(({ row }) => row));
    for (const object of missing) {
      const copy = found.get(object.row.seq);
      // Its session has ended meanwhile.
      if (this.isHere(object)) object.copy = copy;
      else copy?.discard();
    }
  }

  /**
   * Puts an object in flight that had been, and of which an owner is done.
   * @param change does so in the database; resolves with its row, or with something else where it is not in flight
   */
  async again<T>(source: ClaimSource, change: () => Promise<T | ObjectRow>): Promise<T | ClaimedObject> {
    try {
      const object = await this.leasing.run(async () => {
        const row = await change();
        if (!isRow(row)) return row;
        const added = this.add(source, row);
        this.inFlight.add(row.id);
        return added;
      });
      if (object instanceof ClaimedObject)
        await this.readCopies(source, [object]).catch((error: unknown) => {
          this.drop(object.id);
          throw error;
        });
      return object;
    } catch (error) {
      // It may be in flight here nevertheless, and nobody knows.
      this.mayHaveOthers = true;
      throw error;
    }
  }

  /** The flow has got its message. */
  delivered(id: string): void {
    this.suspects.delivered(id);
  }

  /** As `ObjectQueue.reclaim`. @throws the client's error */
  async reclaim(id: string): Promise<QueuedObject | undefined> {
    const object = this.objects.get(id);
    if (object === undefined || !this.inFlight.has(id)) return undefined;
    const row = await this.source()?.rows.claimAgain(object.row.seq, object.row.lease);
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
    this.lost.push(...[...this.objects.values()].map(({ row }) => row), ...this.puts.all());
    this.held.clear();
    this.dropAll();
  }

  private dropAll(): void {
    for (const id of [...this.objects.keys()]) this.drop(id);
    this.late.clear();
    this.reading.clear();
  }

  /** Others may have the associations of which nothing is claimed here. @throws the client's error */
  async unlease(source: ClaimSource): Promise<void> {
    const { number } = source.session;
    await this.leasing.run(async () => {
      await this.giveBackOthers(source, number);
      const rows = [...this.objects.values()].map(({ row }) => row);
      const kept = new Set([...rows, ...this.puts.all()].map(({ stream }) => stream));
      this.held.keepOnly(kept);
      this.isLettingGo = true;
      await source.rows.unlease(number, [...kept]).finally(() => (this.isLettingGo = false));
    });
  }

  /** Ends all of it. Returns the rows of what was in flight, and of what had been given to nobody. */
  close(): { inFlight: Leased[]; others: Leased[] } {
    const objects = [...this.objects.values()];
    const inFlight = objects.filter(({ id }) => this.inFlight.has(id)).map(({ row }) => row);
    const ready = objects.filter(({ id }) => !this.inFlight.has(id)).map(({ row }) => row);
    const others = [...ready, ...this.puts.close()];
    this.dropAll();
    this.claims.close();
    this.fresh.clear();
    this.suspects.clear();
    this.held.clear();
    this.lost = [];
    return { inFlight, others };
  }
}

function isRow(value: unknown): value is ObjectRow {
  return typeof value === 'object' && value !== null && 'lease' in value;
}
