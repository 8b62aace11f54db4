import type { DiskFiles } from './disk-files';
import { syncDirectory } from './durable';

/** Syncs a directory for those who want to know that a name in it, or its end, is on the disk: one sync at a time, for all of them. */
export class DirectorySync {
  private changes = 0;
  private syncedTo = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly directory: string,
    private readonly files: DiskFiles,
  ) {}

  /** There is a new name, or one has gone, or is another one. */
  changed(): void {
    this.changes += 1;
  }

  /** All changes up to now are on the disk. @throws the system's error */
  async safe(): Promise<void> {
    const wanted = this.changes;
    while (this.syncedTo < wanted) {
      this.running ??= this.sync();
      await this.running;
    }
  }

  private async sync(): Promise<void> {
    const upTo = this.changes;
    try {
      await syncDirectory(this.directory, this.files);
      this.syncedTo = upTo;
    } finally {
      this.running = undefined;
    }
  }
}
