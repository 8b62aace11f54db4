import { LocalCopies } from '../copies';
import type { Database, DatabaseConfig, DatabaseUnusable } from '../database';
import {
  DirectoryWatch,
  NoDirectory,
  SharedDirectory,
  type SharedDirectoryOptions,
  StrayFiles,
} from '../directory';
import {
  FileRows,
  LeasedRows,
  ObjectBytes,
  ObjectInserts,
  ObjectNumbers,
  ObjectRows,
  PutGroups,
  RemoteAnswers,
} from '../rows';
import { checkDurable } from '../schema';
import { Session } from '../session';
import type { Link } from './link';
import { Sweeper } from './sweeper';

/** Where a queue is. */
export interface LinkOptions {
  database: DatabaseConfig;
  /** As `isPlainName`. */
  schema: string;
  /** As `isPlainName`: which of the queues in the schema. */
  queue: string;
  /** Where large objects are files; undefined: all are in the database. */
  shared?: SharedDirectoryOptions;
  /** Other times than the usual ones, for tests. */
  leaseSeconds?: number;
  parkedSeconds?: number;
  /** A file without an object is left alone for so long. */
  safeSeconds?: number;
  /** A file that is not there is waited for so long. */
  patienceMs?: number;
  /** Where no directory is named, and an object is in one, that counts for so long. */
  unnamedMs?: number;
}

export interface LinkListener {
  /** Objects have left whose files are to go. */
  removed(ids: readonly string[]): void;
  /** The session is over. */
  ended(): void;
  /** The session lives. */
  beat(): void;
  /** As `SessionListener.taken`. */
  taken(name: string): string;
  failed(error: unknown): void;
  onLeftover(error: Error): void;
  /** Objects wait again. */
  cameBack(): void;
  /** The shared directory cannot be used; and it can be again. */
  away(problem: DatabaseUnusable): void;
  back(problem: DatabaseUnusable): void;
}

/** Statements that put objects, and large objects that are read, at a time: there is a connection for others, and above all for saying that it lives. */
const MOST_PUTS = 4;
const MOST_READS = 4;

/**
 * What a queue has while it has a database; nothing has been asked of that yet.
 * @param instance as `instanceName`
 * @param directory a folder of this machine that only this queue uses
 */
export function newLink(
  database: Database,
  options: LinkOptions,
  instance: string,
  directory: string,
  listener: LinkListener,
): Link {
  const { schema, queue, shared, leaseSeconds, parkedSeconds, safeSeconds, patienceMs, unnamedMs } = options;
  const { poolSize } = options.database;
  const puts = Math.min(MOST_PUTS, Math.max(1, poolSize - 2));
  const reads = Math.min(MOST_READS, Math.max(1, poolSize - 1 - puts));
  const failed = (error: unknown): void => listener.failed(error);
  const leased = new LeasedRows(database, schema, queue);
  const rows = new ObjectRows(database, schema, queue, (ids) => listener.removed(ids));
  const fileRows = new FileRows(database, schema, queue);
  const answers = new RemoteAnswers(database, schema, queue);
  const files = shared && new SharedDirectory(shared, instance, patienceMs);
  const session = new Session(
    database,
    { schema, queue, instance, ...(leaseSeconds !== undefined && { leaseSeconds }) },
    {
      check: () => checkDurable(database, schema),
      ended: () => listener.ended(),
      beat: () => listener.beat(),
      taken: (name) => listener.taken(name),
      failed,
    },
  );
  return {
    ...{ database, rows, leased, fileRows, session, answers },
    directory: files,
    watch: new DirectoryWatch(files ?? new NoDirectory(fileRows, unnamedMs), listener),
    copies: new LocalCopies(new ObjectBytes(database, schema), directory, files, reads),
    puts: new PutGroups(new ObjectInserts(database, schema, queue), rows, puts),
    numbers: new ObjectNumbers(database, schema),
    openedAt: Date.now(),
    sweeper: new Sweeper(database, rows, answers, {
      schema,
      queue,
      ...(parkedSeconds !== undefined && { parkedSeconds }),
      ...(files && { strays: new StrayFiles(files, fileRows, safeSeconds) }),
      failed,
      onLeftover: (error) => listener.onLeftover(error),
      cameBack: (objects) => {
        if (objects > 0) listener.cameBack();
      },
    }),
  };
}
