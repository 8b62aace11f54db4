import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DIRECTORY_MODE, isUnsupported, realFiles, syncDirectory } from '../../../basics';
import { type Database, DatabaseUnusable, type UnusableCode } from '../database';
import { codeOf, writeSynced } from './file-calls';

/** Says in the folder whose it is. */
const MARKER = 'queue.json';
const MARKER_VERSION = 1;
/** A directory that has not answered for so long counts as away. */
const SILENCE_MS = 10_000;

/**
 * The folder of a queue in a directory that all machines share. The database knows its name: so nobody takes another directory
 * for that one, or an empty mount point, and no two databases share a folder.
 */
export class QueueFolder {
  /** Once it is open. */
  path = '';
  private checking: Promise<void> | undefined;

  /**
   * @param top the directory
   * @param instance as `instanceName`
   */
  constructor(
    readonly top: string,
    private readonly instance: string,
  ) {}

  /** Finds the folder of this queue, or makes it where there has never been one. @throws DatabaseUnusable; the client's error */
  async open(database: Database, schema: string, queue: string): Promise<void> {
    await this.inTime(async () => {
      if (!(await this.isThere()))
        throw this.unusable('QUEUE_DIRECTORY_MISSING', 'there is no such directory');
    });
    const known = async (): Promise<string | undefined> => {
      const [row] = await database.rows(`SELECT id FROM "${schema}".directory WHERE queue = $1`, [queue]);
      return row && String(row['id']);
    };
    const id = (await known()) ?? (await this.makeFolder(database, schema, queue, known));
    this.path = this.folderOf(id);
    await this.check();
  }

  private async isThere(): Promise<boolean> {
    try {
      return (await fs.promises.stat(this.top)).isDirectory();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  private folderOf(id: string): string {
    return join(this.top, `dicom-queue-${id}`);
  }

  /** Of several that do so at once, the database knows one; and if we end meanwhile, an empty folder is left. */
  private async makeFolder(
    database: Database,
    schema: string,
    queue: string,
    known: () => Promise<string | undefined>,
  ): Promise<string> {
    const mine = randomBytes(16).toString('hex');
    const folder = this.folderOf(mine);
    await this.inTime(async () => {
      await fs.promises.mkdir(folder, { mode: DIRECTORY_MODE });
      await writeSynced(
        join(folder, MARKER),
        JSON.stringify({ version: MARKER_VERSION, id: mine, schema, queue }),
      );
      await syncDirectory(folder, realFiles);
      await syncDirectory(this.top, realFiles);
    });
    await database.change(
      `INSERT INTO "${schema}".directory (queue, id) VALUES ($1, $2) ON CONFLICT (queue) DO NOTHING`,
      [queue, mine],
    );
    const id = (await known()) ?? mine;
    if (id !== mine) await fs.promises.rm(folder, { recursive: true, force: true });
    return id;
  }

  /** It is there, it is the right one, and it can be written to. @throws DatabaseUnusable */
  check(): Promise<void> {
    // One that hangs is not asked again.
    this.checking ??= this.tryOut().finally(() => (this.checking = undefined));
    const { checking } = this;
    return this.inTime(() => checking);
  }

  private async tryOut(): Promise<void> {
    if (!(await this.hasMarker()))
      throw (await this.isThere())
        ? this.unusable('QUEUE_DIRECTORY_OTHER', `it has no folder ${this.path}`)
        : this.unusable('QUEUE_DIRECTORY_MISSING', 'there is no such directory');
    const probe = join(this.path, `probe-${this.instance}`);
    try {
      await writeSynced(probe, 'probe');
      await fs.promises.rm(probe, { force: true });
    } catch (error) {
      // It is full, which whoever has an object is told.
      if (['ENOSPC', 'EDQUOT'].includes(codeOf(error))) return;
      if (isUnsupported(error))
        throw this.unusable(
          'QUEUE_DIRECTORY_READ_ONLY',
          `files cannot be written and synced (${codeOf(error)})`,
        );
      throw error;
    }
  }

  private async hasMarker(): Promise<boolean> {
    try {
      const text = await fs.promises.readFile(join(this.path, MARKER), 'utf8');
      const marker = JSON.parse(text) as { id?: unknown } | null;
      return this.path === this.folderOf(String(marker?.id));
    } catch (error) {
      if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** What the system says, as what that means for the queue; and what it does not say in time, too. */
  private async inTime<T>(work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const silence = wait(SILENCE_MS, undefined, { signal: over.signal, ref: false }).then(() => {
      throw this.unusable('QUEUE_DIRECTORY_MISSING', `it has not answered for ${SILENCE_MS / 1_000} s`);
    });
    try {
      return await Promise.race([work(), silence]);
    } catch (error) {
      if (error instanceof DatabaseUnusable) throw error;
      const code = codeOf(error);
      if (code === '') throw error;
      const isDenied = ['EACCES', 'EPERM', 'EROFS'].includes(code);
      throw this.unusable(isDenied ? 'QUEUE_DIRECTORY_READ_ONLY' : 'QUEUE_DIRECTORY_MISSING', code);
    } finally {
      over.abort();
      silence.catch(() => undefined);
    }
  }

  private unusable(code: UnusableCode, reason: string): DatabaseUnusable {
    return new DatabaseUnusable(code, reason, this.top);
  }
}
