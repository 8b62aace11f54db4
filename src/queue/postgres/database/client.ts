import type { Writable } from 'node:stream';

/** What of the module `pg` is used: it has no types of its own, and is loaded only where a queue is in a database. */

export interface QueryConfig {
  /** By which a connection knows it, once it has run it. */
  name?: string;
  text: string;
  values?: readonly unknown[];
}

export type Row = Readonly<Record<string, unknown>>;

export interface QueryResult {
  rows: Row[];
  rowCount: number | null;
}

/** What of a connection is used by who sends a query. */
export interface Connection {
  stream: Writable;
}

export interface Query {
  /** Sends it. Returns why it cannot be sent. */
  submit(connection: Connection): Error | null;
  /** Called with each piece of the rows, as the server sends them for COPY. Its memory is used again afterwards. */
  handleCopyData(message: { chunk: Buffer }): void;
}

export interface Client {
  query(query: QueryConfig): Promise<QueryResult>;
  query(query: Query): unknown;
  on(event: 'notification', listener: (message: { channel: string; payload?: string }) => void): void;
  /** @param listener gets what the server warns of, with the name of its own function that does */
  on(event: 'notice', listener: (message: { routine?: string }) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end', listener: () => void): void;
  connect(): Promise<unknown>;
  end(): Promise<void>;
}

export interface PoolClient extends Client {
  /** @param destroy it is not used again */
  release(destroy?: boolean): void;
}

export interface Pool {
  connect(): Promise<PoolClient>;
  on(event: 'error', listener: (error: Error) => void): void;
  end(): Promise<void>;
}

export interface ClientConfig {
  host: string;
  port: number;
  database: string;
  user?: string;
  password?: string;
  ssl?: unknown;
  connectionTimeoutMillis: number;
  query_timeout: number;
  keepAlive: boolean;
  application_name: string;
}

export interface PoolConfig extends ClientConfig {
  max: number;
  idleTimeoutMillis: number;
}

export interface ClientModule {
  Pool: new (config: PoolConfig) => Pool;
  Client: new (config: ClientConfig) => Client;
  Query: new (
    query: QueryConfig,
    values: undefined,
    done: (error: Error | null | undefined, result?: QueryResult) => void,
  ) => Query;
}

/** @throws DatabaseUnusable when it is not installed */
export function loadClient(load: (name: string) => unknown = require): ClientModule {
  try {
    return load('pg') as ClientModule;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new DatabaseUnusable('QUEUE_NO_CLIENT', 'the module pg is not installed');
  }
}

/** Why a database cannot have a queue. */
export type UnusableCode =
  | 'QUEUE_NO_CLIENT'
  /** It may forget what it has said to have. */
  | 'QUEUE_UNSAFE'
  /** Something between us and it gives each transaction another connection. */
  | 'QUEUE_POOLED'
  /** Its tables are those of a later version. */
  | 'QUEUE_NEWER'
  /** It cannot be reached, or refuses us. */
  | 'QUEUE_AWAY'
  /** The shared directory is not there, or does not answer. */
  | 'QUEUE_DIRECTORY_MISSING'
  /** Files cannot be written to it, or not so that they outlive a loss of power. */
  | 'QUEUE_DIRECTORY_READ_ONLY'
  /** It is not the one in which the queue has its objects. */
  | 'QUEUE_DIRECTORY_OTHER'
  /** The queue has objects in one, and none is named. */
  | 'QUEUE_DIRECTORY_UNNAMED';

/** A queue cannot be in this database, or in this shared directory, as things are. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';

  /** @param directory the shared directory, where it is about that */
  constructor(
    readonly code: UnusableCode,
    message: string,
    readonly directory?: string,
  ) {
    super(message);
  }
}

/** What PostgreSQL calls an error: five characters. Undefined: it has not answered. */
export function sqlState(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)
    ? code
    : undefined;
}

/** Why not, where `QUEUE_POOLED`. */
export const POOLED = 'a pooler gives each transaction another connection: it must be in session mode';

/** Of those that whoever sets up a database meets first. */
const MEANINGS: Readonly<Record<string, string>> = {
  '25006': 'it only reads: it is a standby, or read-only is the default for this user',
  '26000': POOLED,
  '28000': 'it does not admit this user; check the user and pg_hba.conf',
  '28P01': 'user or password is wrong',
  '3D000': 'there is no database of this name; create it',
  '42P01': 'a table is missing: somebody has changed the schema',
  '42703': 'a column is missing: somebody has changed the schema',
  '42P05': POOLED,
  '42P07': 'the schema has tables of something else; choose another one',
  '42501': 'the user lacks a right in the database; grant it CREATE, or the tables',
  '53300': 'it has no connection left; see max_connections',
  '57014': 'a statement took too long; somebody has locked the tables, or it has too much to do',
};

/** Why there is no connection, by codes of the system and of TLS, and by the client's words where it has no code. */
const NO_CONNECTION: readonly (readonly [RegExp, string])[] = [
  [
    /^ECONNREFUSED$/,
    'nothing listens there; check host and port, and whether PostgreSQL runs and listens on that address',
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the host name cannot be resolved; check it'],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$|timeout/,
    'the host does not answer; check host, port and firewalls',
  ],
  [
    /^ECONNRESET$|terminated unexpectedly/,
    'the connection was closed; check that PostgreSQL runs, and that this is its port',
  ],
  [/password must be/, 'the server wants a password, and there is none; enter it in the dicom-queue node'],
  [/does not support SSL/, 'turn ssl on at the server, or choose no TLS in the dicom-queue node'],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT(_LOCALLY)?|VERIFY_LEAF_SIGNATURE))$/,
    "the server's certificate is not from a CA that is known here; enter that CA in the TLS configuration",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    "the server's certificate is for another name; enter that name as the host, or as Server Name in the TLS configuration",
  ],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, "the server's certificate is not valid now"],
];

/**
 * Why a statement failed, without the values that PostgreSQL's own words may quote.
 * @param error what the client throws
 */
export function failureText(error: unknown): string {
  if (error instanceof DatabaseUnusable) return error.message;
  const state = sqlState(error);
  if (state !== undefined) {
    const meaning = MEANINGS[state];
    return `PostgreSQL answered ${state}${meaning === undefined ? '' : `: ${meaning}`}`;
  }
  const { code, message = '' } = error as NodeJS.ErrnoException;
  const text = code ?? message;
  const meaning = NO_CONNECTION.find(([pattern]) => pattern.test(text))?.[1];
  return meaning === undefined ? text : `${text}: ${meaning}`;
}

/** Errors after which it may be that nothing is wrong but the connection, or that there are too many. */
const CONNECTION_STATES = /^(08|53300|57P|25006)/;

/** The database could not be reached, or was not ready: it may be later. */
export function isAway(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || CONNECTION_STATES.test(state);
}
