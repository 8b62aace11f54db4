import type { Database } from '../database';
import { FileFailed, type StrayFiles } from '../directory';
import type { ObjectRows, RemoteAnswers } from '../rows';
import { forgetSessions } from '../session';

const SWEEP_MS = 15_000;
/** A directory may have many files, and be on another machine. */
const SWEEP_FILES_MS = 300_000;
/** An instance whose nodes have parked objects may be restarted within this; then they have them still. */
const PARKED_SECONDS = 600;

export interface SweeperOptions {
  schema: string;
  queue: string;
  parkedSeconds?: number;
  /** Undefined: there is no shared directory. */
  strays?: StrayFiles;
  failed: (error: unknown) => void;
  /** Told of what was found in the shared directory. */
  onLeftover: (error: Error) => void;
  /** So many objects wait again. */
  cameBack(objects: number): void;
}

/** Cleans up after instances that are gone. Each instance does it; what one has done, another does not find. */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private filesDueAt = performance.now() + SWEEP_FILES_MS * Math.random();

  constructor(
    private readonly database: Database,
    private readonly rows: ObjectRows,
    private readonly answers: RemoteAnswers,
    private readonly options: SweeperOptions,
  ) {}

  start(): void {
    // Not all instances at once.
    this.timer = setTimeout(() => void this.turn(), SWEEP_MS * (0.5 + Math.random()));
  }

  private async turn(): Promise<void> {
    await this.sweep();
    if (performance.now() > this.filesDueAt) {
      await this.sweepFiles();
      this.filesDueAt = performance.now() + SWEEP_FILES_MS;
    }
    if (!this.isStopped) this.start();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Once. */
  async sweep(): Promise<void> {
    const { schema, queue, parkedSeconds = PARKED_SECONDS } = this.options;
    const s = `"${schema}"`;
    try {
      await this.rows.removeKeptOfOthers();
      this.options.cameBack(await this.rows.takeBackParked(parkedSeconds));
      await this.answers.removeOfOthers();
      await this.database.change(
        `DELETE FROM ${s}.lease l WHERE queue = $1
           AND NOT EXISTS (SELECT FROM ${s}.session e WHERE e.number = l.session AND e.until > clock_timestamp())
           AND NOT EXISTS (SELECT FROM ${s}.object o WHERE o.queue = $1 AND o.stream = l.stream AND o.state = 'queued')`,
        [queue],
      );
      await forgetSessions(this.database, s, queue, parkedSeconds);
    } catch (error) {
      this.options.failed(error);
    }
  }

  /** Once: files without an object, and objects without a file. */
  async sweepFiles(): Promise<void> {
    const { strays, failed, onLeftover } = this.options;
    if (strays === undefined) return;
    try {
      const { removed, missing } = await strays.sweep();
      if (removed > 0)
        onLeftover(
          new Error(
            `files of no object were removed from the shared directory: ${removed}. A machine ended while it stored or removed objects`,
          ),
        );
      if (missing > 0)
        onLeftover(
          new Error(
            `objects whose files are gone from the shared directory: ${missing}. Each becomes a dead letter when its turn comes, unless the file is put back`,
          ),
        );
    } catch (error) {
      failed(isSystemError(error) ? new FileFailed('in the shared directory', error) : error);
    }
  }
}

/** Of a file, not of a connection. */
function isSystemError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).path !== undefined;
}
