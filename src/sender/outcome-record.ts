import { mkdirSync, readFileSync } from 'node:fs';
import { appendFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asError, DIRECTORY_MODE, realFiles, syncDirectory, writeSynced } from '../basics';
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

interface Waiting {
  line: Line;
  resolve: () => void;
}

/** What waits so long for a flow is of no use. */
const LONGEST_MS = 7 * 86_400_000;
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
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
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
    if (this.outcomes.delete(id)) void this.add({ id });
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.writing;
  }

  private keep(id: string, outcome: SendOutcome): Promise<void> {
    const at = Date.now();
    this.outcomes.set(id, { at, outcome });
    return this.add({ id, at, outcome });
  }

  private add(line: Line): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ line, resolve });
      this.writing ??= this.write();
    });
  }

  private async write(): Promise<void> {
    // What comes within this turn is written, and synced, with it.
    await nextTurn();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0);
      try {
        await this.writeLines(batch.map(({ line }) => line));
        this.hasFailed = false;
      } catch (error) {
        this.fail(error);
      }
      for (const { resolve } of batch) resolve();
    }
    this.writing = undefined;
  }

  private async writeLines(lines: readonly Line[]): Promise<void> {
    const { path } = this;
    if (path === undefined) return;
    if (this.size >= this.tidyAt) {
      await this.writeAnew(path);
      return;
    }
    const bytes = bytesOf(lines);
    // Should it be written in part, the next one does not go on behind that.
    const { size } = this;
    this.size = Infinity;
    // What has been heard may be told once more.
    if (lines.some(({ outcome }) => outcome !== undefined)) await writeSynced(path, 'a', bytes);
    else await appendFile(path, bytes);
    this.size = size + bytes.length;
  }

  private async writeAnew(path: string): Promise<void> {
    const bytes = bytesOf([...this.outcomes].map(([id, known]) => ({ id, ...known })));
    mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    await writeSynced(`${path}.new`, 'w', bytes);
    await rename(`${path}.new`, path);
    await syncDirectory(dirname(path), realFiles);
    this.size = bytes.length;
    this.tidyAt = 2 * bytes.length + TIDY_BYTES;
  }

  private read(path: string): Map<string, Kept> {
    const found = new Map<string, Kept>();
    const oldest = Date.now() - LONGEST_MS;
    for (const text of this.textOf(path).split('\n')) {
      const { id, at = 0, outcome } = lineOf(text) ?? { id: '' };
      if (outcome === undefined || at < oldest) found.delete(id);
      else found.set(id, { at, outcome });
    }
    return found;
  }

  private textOf(path: string): string {
    try {
      const bytes = readFileSync(path);
      return bytes.length > MOST_BYTES ? '' : bytes.toString('utf8');
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

const bytesOf = (lines: readonly Line[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

/** Undefined: it is none, such as one that was being written when the process ended. */
function lineOf(text: string): Line | undefined {
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
