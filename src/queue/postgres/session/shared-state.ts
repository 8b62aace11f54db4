import { join } from 'node:path';
import { DIRECTORY_MODE, inTime, makeDirectory, realFiles } from '../../../basics';
import { Database, type DatabaseConfig, DatabaseUnusable, failureText, type Statements } from '../database';
import { prepareDatabase } from '../schema';
import { forgetSessions } from './forget-sessions';
import { instanceName, otherInstanceName } from './instance-name';
import { Session } from './session';

/** Where a queue is that several machines share, and what they know beside its objects. */
export interface SharedPlace {
  database: DatabaseConfig;
  /** As `isPlainName`. */
  schema: string;
  queue: string;
}

export interface SharedStateOptions extends SharedPlace {
  /** Whose state it is: that of another user has other sessions. */
  user: string;
  /** Of a queue of this instance: so it is the same instance after a restart. */
  directory: string;
  /** As `LinkOptions.leaseSeconds`. */
  leaseSeconds?: number;
}

export interface SharedStateListener {
  /** What was had under the session may be somebody else's. */
  ended(): void;
  /** The database cannot be asked; it is tried again. */
  failed(error: Error): void;
}

/** Few statements, beside those of the queue. */
const CONNECTIONS = 2;
/** Patients' data are not left behind with a node that is removed. */
const ABANDONED_SECONDS = 30 * 86_400;

/** What an instance has in the database of a shared queue beside its objects: a session of its own, and statements. */
export class SharedState implements Statements {
  /** In front of the names of tables. */
  readonly schema: string;
  readonly queue: string;
  private readonly directory: string;
  private link: { database: Database; session: Session } | undefined;

  constructor(
    private readonly options: SharedStateOptions,
    private readonly listener: SharedStateListener,
  ) {
    this.schema = `"${options.schema}"`;
    this.queue = options.queue;
    this.directory = join(options.directory, 'shared');
  }

  /** @throws DatabaseUnusable; DatabaseFailed; the system's error. It may be called again then */
  async open(): Promise<void> {
    await this.close();
    // Before there is anything to be ended.
    const { instance } = this;
    const database = new Database({ ...this.options.database, poolSize: CONNECTIONS });
    const session = this.newSession(database, instance);
    try {
      await prepareDatabase(database, this.options.schema);
      await session.begin();
      await this.forget(database);
      this.link = { database, session };
    } catch (error) {
      session.stop();
      await database.end();
      throw error instanceof DatabaseUnusable ? error : new DatabaseFailed(error);
    }
  }

  private newSession(database: Database, instance: string): Session {
    const { schema, leaseSeconds } = this.options;
    return new Session(
      database,
      {
        schema,
        queue: this.sessions,
        instance,
        ...(leaseSeconds !== undefined && { leaseSeconds }),
      },
      {
        // The queue does.
        check: () => Promise.resolve(),
        ended: () => this.listener.ended(),
        beat: () => undefined,
        taken: (name) => otherInstanceName(this.directory, name),
        failed: (error) => this.listener.failed(new DatabaseFailed(error)),
      },
    );
  }

  /** By which the queue knows this instance. @throws the system's error */
  get instance(): string {
    makeDirectory(this.directory, realFiles, DIRECTORY_MODE);
    return instanceName(this.directory);
  }

  /** Grows with each session; 0: there is none. */
  get number(): number {
    return this.link?.session.number ?? 0;
  }

  /** Certainly nobody else has what it has. */
  get isAlive(): boolean {
    return this.link?.session.isAlive === true;
  }

  /** A condition that holds as long as a session lives. @param number of the session, as SQL */
  lives(number: string): string {
    return `EXISTS (SELECT FROM ${this.schema}.session e WHERE e.number = ${number} AND e.until > clock_timestamp())`;
  }

  /** @throws DatabaseFailed */
  rows(...statement: Parameters<Statements['rows']>): ReturnType<Statements['rows']> {
    return this.ask((database) => database.rows(...statement));
  }

  /** @throws DatabaseFailed */
  change(...statement: Parameters<Statements['change']>): Promise<number> {
    return this.ask((database) => database.change(...statement));
  }

  /** As `Database.transaction`. @throws DatabaseFailed */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.ask((database) => database.transaction(work));
  }

  /** What it had is free, at the latest when its session ends by itself. */
  async close(): Promise<void> {
    const { link } = this;
    this.link = undefined;
    if (link === undefined) return;
    link.session.stop();
    await inTime(farewell(link));
  }

  private async ask<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (this.link === undefined) throw new DatabaseFailed(new Error('the database has not been reached'));
    try {
      return await work(this.link.database);
    } catch (error) {
      throw new DatabaseFailed(error);
    }
  }

  /** Under which its sessions are. */
  private get sessions(): string {
    return `${this.options.queue}/${this.options.user}`;
  }

  /** Forgets sessions that ended long ago, and what nodes have left that have been at no instance for long. */
  private async forget(database: Database): Promise<void> {
    const { schema, queue } = this;
    await forgetSessions(database, schema, this.sessions);
    await database.change(
      `WITH g AS (
         DELETE FROM ${schema}.study_group g WHERE queue = $1 AND used < clock_timestamp() - $2 * interval '1 second'
           AND NOT EXISTS (SELECT FROM ${schema}.session e WHERE e.queue = $1 || '/' || g.node
             AND e.until > clock_timestamp() - $2 * interval '1 second') RETURNING id
       ), r AS (DELETE FROM ${schema}.study_record WHERE grp IN (SELECT id FROM g))
       DELETE FROM ${schema}.study_firing WHERE grp IN (SELECT id FROM g)`,
      [queue, ABANDONED_SECONDS],
    );
    await database.change(
      `DELETE FROM ${schema}.step WHERE queue = $1 AND changed < clock_timestamp() - $2 * interval '1 second'`,
      [queue, ABANDONED_SECONDS],
    );
  }
}

/** The database does not do what it is asked for, without the values that its own words may quote. */
class DatabaseFailed extends Error {
  override readonly name = 'DatabaseFailed';
  readonly code = 'QUEUE_AWAY';

  /** @param error what the client throws */
  constructor(error: unknown) {
    super(failureText(error));
  }
}

async function farewell({ database, session }: { database: Database; session: Session }): Promise<void> {
  // Where the database does not hear it, its session ends by itself.
  await session.end().catch(() => undefined);
  await database.end();
}
