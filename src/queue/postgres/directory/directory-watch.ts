import { DatabaseUnusable } from '../database';

/** It is looked at so often; more often once it could not be used. */
const LOOK_MS = 15_000;
const LOOK_AGAIN_MS = 1_000;

export interface DirectoryListener {
  /** It cannot be used; told once. */
  away(problem: DatabaseUnusable): void;
  /** It can be used again. */
  back(problem: DatabaseUnusable): void;
}

export interface WatchedDirectory {
  /** As it is named; undefined: none is. */
  readonly top: string | undefined;
  /** @throws DatabaseUnusable; the system's error */
  check(): Promise<void>;
  /** @throws the system's error */
  freeBytes(): Promise<number>;
}

/** Whether the shared directory can be used now, and how much room it has. */
export class DirectoryWatch {
  /** Bytes, as of the last look. */
  freeBytes = Infinity;
  private problem: DatabaseUnusable | undefined;
  private dueAt = 0;
  private isLooking = false;

  constructor(
    private readonly directory: WatchedDirectory,
    private readonly listener: DirectoryListener,
  ) {}

  get isAway(): boolean {
    return this.problem !== undefined;
  }

  /** Something has failed with it: it is looked at soon. */
  suspect(): void {
    this.dueAt = 0;
  }

  /** To be called often; looks when it is time. */
  async look(): Promise<void> {
    if (this.isLooking || performance.now() < this.dueAt) return;
    this.isLooking = true;
    const problem = await this.problemNow();
    this.isLooking = false;
    this.dueAt = performance.now() + (problem === undefined ? LOOK_MS : LOOK_AGAIN_MS);
    const before = this.problem;
    this.problem = problem;
    if (problem?.code === before?.code) return;
    if (before !== undefined) this.listener.back(before);
    if (problem !== undefined) this.listener.away(problem);
  }

  private async problemNow(): Promise<DatabaseUnusable | undefined> {
    try {
      await this.directory.check();
      this.freeBytes = await this.directory.freeBytes();
      return undefined;
    } catch (error) {
      return error instanceof DatabaseUnusable
        ? error
        : new DatabaseUnusable('QUEUE_DIRECTORY_MISSING', (error as Error).message, this.directory.top);
    }
  }
}
