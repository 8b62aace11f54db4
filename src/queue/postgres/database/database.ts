import type { ConnectionOptions } from 'node:tls';
import { asError, BackOff, Turns } from '../../../basics';
import { BytesInPieces, InPlace } from './bytes-query';
import {
  loadClient,
  sqlState,
  type Client,
  type ClientConfig,
  type ClientModule,
  type Pool,
  type PoolClient,
  type QueryConfig,
  type QueryResult,
  type Row,
} from './client';
import { CopyRows } from './copy-rows';
import { checkDurableRow, DURABLE_COLUMNS } from './durable-settings';
import { OWN_BACKEND, StrayBackends, type Backend } from './stray-backends';

/** Where the queue's database is, and as whom to ask it. */
export interface DatabaseConfig {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** Undefined: clear text. */
  tls?: ConnectionOptions;
  /** Connections at a time, two at least; one more for notifications. */
  poolSize: number;
}

const CONNECT_MS = 5_000;
const QUERY_MS = 30_000;
/** Before nobody waits for its answer any more, the server gives a statement up. */
const STATEMENT_MS = QUERY_MS - 5_000;
const IDLE_MS = 30_000;
const LISTEN_FIRST_MS = 500;
const LISTEN_LAST_MS = 5_000;

/** The server's function that warns of a commit that somebody has cancelled while it waited for a standby. */
const STANDBY_WAIT = 'SyncRepWaitForLSN';

/**
 * What must hold in each connection: an answer to COMMIT means that it is on the disk (and where the server has more than that,
 * it keeps it), each statement sees what has been committed before it, a transaction of a process that hangs ends, and so does a
 * statement, but neither it nor a connection because of what else its user may have been given as limits.
 *
 * A statement is planned once in each connection, which for small objects is most of what it costs, and perhaps while the tables
 * are empty: so it has to be a plan that looks things up in indexes. The other ways are said to be expensive, as they are later.
 */
const CONNECTION_SETTINGS = `
  SELECT set_config('default_transaction_isolation', 'read committed', false),
    set_config('idle_in_transaction_session_timeout', '60000', false),
    set_config('statement_timeout', '${STATEMENT_MS}', false), set_config('array_nulls', 'on', false),
    (SELECT count(set_config(name, '0', false)) FROM pg_settings
     WHERE name IN ('lock_timeout', 'idle_session_timeout', 'transaction_timeout')),
    set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false),
    set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),
    set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
      THEN set_config('synchronous_commit', 'on', false) END,
    ${OWN_BACKEND}, ${DURABLE_COLUMNS}`;

/** Something that statements can be sent to: the pool, or a transaction. */
export interface Statements {
  rows(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The number of rows that it changed. */
  change(text: string, values?: readonly unknown[]): Promise<number>;
}

function hasPieces(values: readonly unknown[]): boolean {
  return values.some((value) => value instanceof BytesInPieces);
}

/** Connections to a database. */
export class Database implements Statements {
  private readonly pool: Pool;
  private readonly newListener: () => Client;
  private readonly Query: ClientModule['Query'];
  private listener: Client | undefined;
  private listenTimer: NodeJS.Timeout | undefined;
  private readonly listenWaits = new BackOff(LISTEN_FIRST_MS, LISTEN_LAST_MS);
  private isEnded = false;
  /** Connections that have their settings: versions of the client before 8.20 have no call for that. */
  private readonly prepared = new WeakMap<PoolClient, Backend>();
  private readonly strays = new StrayBackends();
  /** Those on which something has been committed that a standby may not have. */
  private readonly unconfirmed = new WeakSet<PoolClient>();
  /** Of all but what must not wait for others: it always finds a connection. */
  private readonly turns: Turns;
  /** By their texts, of which there are not many: no value is in them. */
  private readonly names = new Map<string, string>();

  /** @throws DatabaseUnusable when the client is not installed */
  constructor({ poolSize, tls, ...where }: DatabaseConfig) {
    const { Pool, Client, Query } = loadClient();
    this.Query = Query;
    this.turns = new Turns(poolSize - 1);
    const config: ClientConfig = {
      ...where,
      ...(tls && { ssl: tls }),
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      keepAlive: true,
      application_name: 'node-red-contrib-dicom',
    };
    this.pool = new Pool({
      ...config,
      max: poolSize,
      idleTimeoutMillis: IDLE_MS,
    });
    // Of one that nobody uses: the next statement takes another.
    this.pool.on('error', () => undefined);
    this.newListener = () => new Client(config);
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.query(text, values)).rows;
  }

  /** As `rows`, and does not wait for others. */
  async rowsAtOnce(text: string, values: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.withConnection((client) => client.query(this.named(text, values)), true);
    return rows;
  }

  async change(text: string, values: readonly unknown[] = []): Promise<number> {
    if (!hasPieces(values)) return changed(await this.query(text, values));
    return this.inPlace((client, inPlace) => this.changeOn(client, inPlace, text, values));
  }

  private query(text: string, values: readonly unknown[]): Promise<QueryResult> {
    return this.withConnection((client) => client.query(this.named(text, values)));
  }

  /** Resolves when nothing is to be sent of the values in pieces: whoever has them may use their memory again then. */
  private async inPlace<T>(work: (client: Client, inPlace: InPlace) => Promise<T>): Promise<T> {
    const inPlace = new InPlace();
    try {
      return await this.withConnection((client) => work(client, inPlace));
    } finally {
      // After an error, the connection has been closed.
      await inPlace.sent;
    }
  }

  private async changeOn(
    client: Client,
    inPlace: InPlace,
    text: string,
    values: readonly unknown[],
  ): Promise<number> {
    if (!hasPieces(values)) return changed(await client.query(this.named(text, values)));
    return new Promise((resolve, reject) => {
      const query = new this.Query(this.named(text, values), undefined, (error, result) => {
        if (error || result === undefined) reject(asError(error));
        else resolve(changed(result));
      });
      inPlace.sends(query);
      client.query(query);
    });
  }

  /** With a name, a connection parses and plans it only once. Without values it may be several statements, which have none. */
  private named(text: string, values: readonly unknown[]): QueryConfig {
    if (values.length === 0) return { text };
    const name = this.names.get(text) ?? `s${this.names.size}`;
    this.names.set(text, name);
    return { name, text, values };
  }

  /**
   * The rows of a query in binary form: for bytes, which the client knows as text only, in twice their length.
   * @param text a SELECT that has its values in it, for COPY takes none
   * @param row gets the fields of a row, none of which may be null; their bytes are valid during the call only
   */
  async copy(text: string, row: (fields: readonly Buffer[]) => void): Promise<void> {
    await this.withConnection((client) => this.copyFrom(client, text, row));
  }

  private copyFrom(client: Client, text: string, row: (fields: readonly Buffer[]) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const rows = new CopyRows(row);
      let isOver = false;
      const over = (error: unknown): void => {
        isOver = true;
        if (error === null || error === undefined) resolve();
        else reject(asError(error));
      };
      /** What is thrown here would be thrown at the client's socket. */
      const attempt = (work: () => void): void => {
        if (isOver) return;
        try {
          work();
        } catch (error) {
          over(error);
        }
      };
      const query = new this.Query({ text: `COPY (${text}) TO STDOUT (FORMAT binary)` }, undefined, (error) =>
        attempt(() => {
          if (!error) rows.end();
          over(error);
        }),
      );
      query.handleCopyData = ({ chunk }) => attempt(() => rows.take(chunk));
      client.query(query);
    });
  }

  /** Runs statements in a transaction. What is thrown ends it, and has not happened unless the connection was lost at its end. */
  async transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.inPlace(async (client, inPlace) => {
      await client.query({ text: 'BEGIN' });
      const result = await work({
        rows: async (text, values = []) => (await client.query(this.named(text, values))).rows,
        change: (text, values = []) => this.changeOn(client, inPlace, text, values),
      });
      await client.query({ text: 'COMMIT' });
      return result;
    });
  }

  /**
   * One connection for several statements. After an error it is closed, which ends what it had begun.
   * @param isUrgent it does not wait for others
   */
  async withConnection<T>(work: (client: Client) => Promise<T>, isUrgent = false): Promise<T> {
    if (!this.strays.isEmpty)
      await this.strays.end((text, values) =>
        this.onConnection(async (client) => (await client.query({ text, values })).rows),
      );
    return isUrgent ? this.onConnection(work) : this.turns.run(() => this.onConnection(work));
  }

  private async onConnection<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await this.prepare(client);
      const result = await work(client);
      if (this.unconfirmed.has(client)) throw new Error('a standby has not confirmed a commit');
      client.release();
      return result;
    } catch (error) {
      const backend = this.prepared.get(client);
      if (backend !== undefined && sqlState(error) === undefined) this.strays.add(backend);
      client.release(true);
      throw error;
    }
  }

  private async prepare(client: PoolClient): Promise<void> {
    if (this.prepared.has(client)) return;
    // Of one that is lost while it is used, the statement tells.
    client.on('error', () => undefined);
    client.on('notice', ({ routine }) => {
      if (routine === STANDBY_WAIT) this.unconfirmed.add(client);
    });
    const [row] = (await client.query({ text: CONNECTION_SETTINGS })).rows;
    // It may have been started anew, in another way.
    checkDurableRow(row);
    this.prepared.set(client, { pid: Number(row?.['pid']), since: String(row?.['since']) });
  }

  /**
   * Hears of notifications, as long as that is possible: whoever depends on them has to look from time to time.
   * @param began told when it listens, for what was said before was not heard
   */
  listen(channel: string, heard: (payload: string) => void, began: () => void): void {
    if (this.isEnded) return;
    const client = this.newListener();
    this.listener = client;
    let isOver = false;
    const again = (): void => {
      if (isOver) return;
      isOver = true;
      void client.end().catch(() => undefined);
      if (this.isEnded) return;
      this.listenTimer = setTimeout(() => this.listen(channel, heard, began), this.listenWaits.wait());
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ payload = '' }) => heard(payload));
    client
      .connect()
      .then(() => client.query({ text: `LISTEN "${channel}"` }))
      .then(() => {
        this.listenWaits.reset();
        began();
      })
      .catch(again);
  }

  async end(): Promise<void> {
    this.isEnded = true;
    clearTimeout(this.listenTimer);
    await Promise.allSettled([this.listener?.end(), this.pool.end()]);
  }
}

function changed({ rowCount }: QueryResult): number {
  return rowCount ?? 0;
}
