import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asError, DIRECTORY_MODE, FILE_MODE, realFiles, syncDirectory, writeAll } from '../basics';
import type { SendJob, SendOutcome } from './send-job';

/** A line of the file. Without an outcome: the flow has heard it. */
interface Line {
  id: string;
  /** Milliseconds since 1970. */
  at?: number;
  outcome?: SendOutcome;
}

interface Kept {
  at: number;
  outcome: SendOutcome;
}

/** What waits so long for a flow is of no use. */
const LONGEST_MS = 7 * 86_400_000;
/** That something has been heard is written so much later at most. */
const HEARD_MS = 200;
/** Lines of what has been heard go when there are so many bytes of them. */
const TIDY_BYTES = 262_144;
/** A file that is larger is none of ours. */
const MOST_BYTES = 67_108_864;

/**
 * What became of objects, safe on the disk until the flow has heard it: where the process ends in between, the object is not sent
 * once more, which could come to another outcome than the one that was told.
 */
export class OutcomeRecord {
  private readonly outcomes: Map<string, Kept>;
  /** To be written. */
  private lines: string[] = [];
  /** Who waits for that. */
  private waiting: (() => void)[] = [];
  private later: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private file: number | undefined;
  /** Of the file; beyond `tidyAt`, it is written anew. */
  private size = 0;
  private tidyAt = 0;
  private hasFailed = false;

  /**
   * @param path undefined: nothing is kept
   * @param failed told once that the file cannot be used; outcomes are told all the same
   */
  constructor(
    private readonly path: string | undefined,
    private readonly failed: (error: Error) => void,
  ) {
    this.outcomes = path === undefined ? new Map<string, Kept>() : this.read(path);
  }

  /** What became of it, where nobody may have heard that. */
  of(id: string): SendOutcome | undefined {
    return this.outcomes.get(id)?.outcome;
  }

  /** The job, whose outcome is safe before it is told. @param id the same for the same object after a restart */
  kept(id: string, job: SendJob): SendJob {
    if (this.path === undefined) return job;
    return { ...job, settled: (outcome) => void this.keep(id, outcome).then(() => job.settled(outcome)) };
  }

  /** The flow has heard it. */
  forget(id: string): void {
    const outcome = this.of(id);
    if (outcome === undefined) return;
    this.outcomes.delete(id);
    this.lines.push(lineOf({ id }));
    // A dead letter may be sent again. What has been sent has gone: that alone is not worth a write.
    if (outcome.kind === 'failed') this.begin();
    else this.later ??= setTimeout(() => this.begin(), HEARD_MS);
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    if (this.lines.length > 0) this.begin();
    await this.writing;
    if (this.file !== undefined) realFiles.closeSync(this.file);
    this.file = undefined;
  }

  private keep(id: string, outcome: SendOutcome): Promise<void> {
    const at = Date.now();
    this.outcomes.set(id, { at, outcome });
    this.lines.push(lineOf({ id, at, outcome }));
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.begin();
    });
  }

  private begin(): void {
    clearTimeout(this.later);
    this.later = undefined;
    this.writing ??= this.write();
  }

  private async write(): Promise<void> {
    // What comes within this turn is written, and synced, with it.
    await nextTurn();
    while (this.lines.length > 0) {
      const lines = this.lines.splice(0);
      const waiting = this.waiting.splice(0);
      try {
        await this.writeLines(lines, waiting.length > 0);
        this.hasFailed = false;
      } catch (error) {
        this.fail(error);
      }
      for (const resolve of waiting) resolve();
    }
    this.writing = undefined;
  }

  private async writeLines(lines: readonly string[], isSynced: boolean): Promise<void> {
    const { file, path, size } = this;
    if (path === undefined) return;
    if (file === undefined || size >= this.tidyAt) {
      await this.writeAnew(path);
      return;
    }
    const bytes = Buffer.from(lines.join(''));
    // Should it be written in part, the next one does not go on behind that.
    this.size = Infinity;
    writeAll(realFiles, file, bytes);
    if (isSynced) await realFiles.syncData(file);
    this.size = size + bytes.length;
  }

  private async writeAnew(path: string): Promise<void> {
    const oldest = Date.now() - LONGEST_MS;
    for (const [id, { at }] of this.outcomes) if (at < oldest) this.outcomes.delete(id);
    const lines = [...this.outcomes].map(([id, known]) => lineOf({ id, ...known }));
    const bytes = Buffer.from(lines.join(''));
    if (this.file !== undefined) realFiles.closeSync(this.file);
    this.file = undefined;
    realFiles.mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    const file = realFiles.openSync(`${path}.new`, 'w', FILE_MODE);
    try {
      writeAll(realFiles, file, bytes);
      await realFiles.syncData(file);
      realFiles.renameSync(`${path}.new`, path);
      await syncDirectory(dirname(path), realFiles);
    } catch (error) {
      realFiles.closeSync(file);
      throw error;
    }
    this.file = file;
    this.size = bytes.length;
    this.tidyAt = 2 * bytes.length + TIDY_BYTES;
  }

  private read(path: string): Map<string, Kept> {
    const found = new Map<string, Kept>();
    const oldest = Date.now() - LONGEST_MS;
    for (const text of this.textOf(path).split('\n')) {
      const { id, at = 0, outcome } = parseLine(text) ?? { id: '' };
      if (outcome === undefined || at < oldest) found.delete(id);
      else found.set(id, { at, outcome });
    }
    return found;
  }

  private textOf(path: string): string {
    try {
      return realFiles.statSync(path).size > MOST_BYTES ? '' : realFiles.readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.fail(error);
      return '';
    }
  }

  private fail(error: unknown): void {
    if (!this.hasFailed) this.failed(asError(error));
    this.hasFailed = true;
  }
}

const lineOf = (line: Line): string => `${JSON.stringify(line)}\n`;

/** Undefined: it is none, such as one that was being written when the process ended. */
function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    const { id, at, outcome } = line ?? {};
    const isOutcome = outcome === undefined || (typeof at === 'number' && isOneOfOurs(outcome));
    return typeof id === 'string' && isOutcome ? (line as Line) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isOneOfOurs(outcome: unknown): boolean {
  const { kind, text } = (outcome ?? {}) as Partial<SendOutcome>;
  return (kind === 'sent' || kind === 'failed') && typeof text === 'string';
}
