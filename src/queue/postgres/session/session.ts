import { hostname } from 'node:os';
import { Lease } from '../../../basics';
import type { Database } from '../database';

/** How long a session lives, by the database's clock, after it has last said so. */
const LEASE_SECONDS = 30;
/** One that says so later than so long before its end may be too late, for it is not seen before it is committed. */
const MARGIN_SECONDS = 5;
const BEAT_MS = 5_000;
/** While the database is away, it is asked more often. */
const SOON_MS = 1_000;

export interface SessionOptions {
  schema: string;
  queue: string;
  /** Who has it: the same after a restart. */
  instance: string;
  /** How long it lives unless it says that it does; default `LEASE_SECONDS`. */
  leaseSeconds?: number;
}

export interface SessionListener {
  /** Whether the database is one that may have it: asked at its begin, and whenever it says that it lives. @throws why it is not */
  check(): Promise<void>;
  /** It is over: whatever was claimed under it may be somebody else's. */
  ended(): void;
  /** It has said that it lives. */
  beat(): void;
  /** Somebody else has begun under its name, and lives: the name under which it goes on. */
  taken(name: string): string;
  /** The database could not be asked. */
  failed(error: unknown): void;
}

/**
 * What an instance has as long as it says that it lives: the moments are those of the database's clock, which alone decides. The
 * instance only has to know when it cannot be sure any more, by the time since it last asked.
 */
export class Session {
  /** Grows with each session; 0: there is none. */
  number = 0;
  /** What is the instance's from its start to its end, whatever becomes of its sessions. */
  run = 0;
  /** Sessions of other instances, as of when it last said that it lives. */
  others = 0;
  /** That of this session: the next one has another. */
  lease = new Lease();
  private timer: NodeJS.Timeout | undefined;
  private instance: string;
  private isStopped = false;
  private isBeating = false;
  private readonly table: string;
  private readonly numbers: string;
  private readonly leaseSeconds: number;

  constructor(
    private readonly database: Database,
    private readonly options: SessionOptions,
    private readonly listener: SessionListener,
  ) {
    this.instance = options.instance;
    this.table = `"${options.schema}".session`;
    this.numbers = `"${options.schema}".number`;
    this.leaseSeconds = options.leaseSeconds ?? LEASE_SECONDS;
  }

  /** Certainly nobody else has what it has. */
  get isAlive(): boolean {
    return this.number > 0 && !this.lease.isOver;
  }

  /** @throws the client's error */
  async begin(): Promise<void> {
    this.isStopped = false;
    await this.renew();
    this.schedule();
  }

  /**
   * What another session of this instance had, that is over at once. At its start, nobody knows whether that is its own, of before a
   * crash; later, it is that of somebody who uses a copy of its folder, and the two would take everything from each other for ever.
   */
  private async renew(): Promise<void> {
    const { queue } = this.options;
    const asked = Lease.now();
    const [row] = await this.database.rowsAtOnce(
      `INSERT INTO ${this.table} AS mine (queue, instance, number, run, until, host)
       VALUES ($1, $2, nextval('${this.numbers}'), CASE WHEN $3::bigint = 0 THEN nextval('${this.numbers}') ELSE $3 END,
         clock_timestamp() + $4 * interval '1 second', $5)
       ON CONFLICT (queue, instance) DO UPDATE
         SET number = excluded.number, run = excluded.run, until = excluded.until, host = excluded.host
         WHERE $3 = 0 OR mine.run = $3 OR mine.until <= clock_timestamp()
       RETURNING number, run, ${this.countOthers}`,
      [queue, this.instance, this.run, this.leaseSeconds, hostname()],
    );
    if (row === undefined) {
      this.instance = this.listener.taken(this.instance);
      return this.renew();
    }
    this.number = Number(row['number']);
    this.run = Number(row['run']);
    this.others = Number(row['others']);
    this.lease = new Lease();
    this.lease.extendTo(asked + this.leaseSeconds * 1_000);
    try {
      await this.listener.check();
    } catch (error) {
      this.lost();
      throw error;
    }
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.beat(), Math.min(BEAT_MS, (this.leaseSeconds * 1_000) / 4));
  }

  /** Says so as soon as it can: something has failed. */
  beatSoon(): void {
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => void this.beat(), SOON_MS);
  }

  private async beat(): Promise<void> {
    if (this.isBeating) return;
    this.isBeating = true;
    const isAnswered = await this.tryBeat();
    this.isBeating = false;
    if (isAnswered) this.schedule();
    else this.beatSoon();
  }

  /** False: it could not. */
  private async tryBeat(): Promise<boolean> {
    try {
      if (this.number > 0 && !(await this.extended())) this.lost();
      // Stopped meanwhile.
      if (this.isStopped) return true;
      if (this.number === 0) await this.renew();
      else await this.listener.check();
      this.listener.beat();
      return true;
    } catch (error) {
      if (this.number > 0 && !this.isAlive) this.lost();
      this.listener.failed(error);
      return false;
    }
  }

  private async extended(): Promise<boolean> {
    const asked = Lease.now();
    const [row] = await this.database.rowsAtOnce(
      `UPDATE ${this.table} AS mine SET until = clock_timestamp() + $2 * interval '1 second'
       WHERE number = $1 AND queue = $4 AND instance = $5 AND until > clock_timestamp() + $3 * interval '1 second' RETURNING ${this.countOthers}`,
      [
        this.number,
        this.leaseSeconds,
        Math.min(MARGIN_SECONDS, this.leaseSeconds / 4),
        this.options.queue,
        this.instance,
      ],
    );
    // What has been over here for a moment stays over: it has been let go of.
    if (row === undefined || !this.isAlive) return false;
    this.others = Number(row['others']);
    this.lease.extendTo(asked + this.leaseSeconds * 1_000);
    return true;
  }

  /** As SQL, of the row `mine`. */
  private get countOthers(): string {
    return `(SELECT count(*) FROM ${this.table} o
       WHERE o.queue = mine.queue AND o.instance <> mine.instance AND o.until > clock_timestamp()) AS others`;
  }

  private lost(): void {
    this.number = 0;
    this.lease.end();
    this.listener.ended();
  }

  /** Nothing is asked any more. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** What it had is free. Its row stays, as its instance may have parked objects. */
  async end(): Promise<void> {
    const { number } = this;
    this.stop();
    this.number = 0;
    this.lease.end();
    if (number === 0) return;
    await this.database.rowsAtOnce(
      `UPDATE ${this.table} SET until = clock_timestamp(), run = -run WHERE number = $1`,
      [number],
    );
  }
}
