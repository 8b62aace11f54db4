import { DatabaseUnusable } from './client';
import type { DirectoryListener } from './directory-watch';
import type { FileRows } from './file-rows';

/**
 * Whether the queue has objects in a shared directory, where this node names none: others may be told of it first. What is in a
 * directory cannot be delivered here, and an association that is this instance's is delivered by nobody else.
 */
export class UnnamedDirectory {
  private problem: DatabaseUnusable | undefined;

  constructor(
    private readonly rows: FileRows,
    private readonly listener: DirectoryListener,
  ) {}

  get isAway(): boolean {
    return this.problem !== undefined;
  }

  /** To be called often. @throws the client's error */
  async look(): Promise<void> {
    const before = this.problem;
    this.problem = await this.problemNow();
    if (before !== undefined && this.problem === undefined) this.listener.back(before);
    if (before === undefined && this.problem !== undefined) this.listener.away(this.problem);
  }

  /** As `look`, for who does not begin then. @throws DatabaseUnusable; the client's error */
  async check(): Promise<void> {
    const problem = await this.problemNow();
    if (problem !== undefined) throw problem;
  }

  private async problemNow(): Promise<DatabaseUnusable | undefined> {
    return (await this.rows.hasFiles()) ? directoryNotNamed() : undefined;
  }
}

export function directoryNotNamed(): DatabaseUnusable {
  return new DatabaseUnusable(
    'QUEUE_DIRECTORY_NOT_NAMED',
    'this node names none, and the queue has objects in one',
  );
}
