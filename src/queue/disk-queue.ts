import { constants } from 'node:fs';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { isObjectId, objectIds } from './object-id';
import { PartFile } from './part-file';
import { QueueRefusal, queueFull, type ObjectQueue, type QueueWriter, type QueuedObject } from './object-queue';
import { syncDirectory } from './sync';

const OBJECT_SUFFIX = '.dcm';
const PART_SUFFIX = '.part';
const DEAD_LETTERS = 'dead-letter';
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

export interface DiskQueueOptions {
  directory: string;
  maxObjects: number;
  /** Sync the object and its directory entry before `commit` resolves: it then survives a loss of power. */
  synced: boolean;
  /** Told of what could not be cleaned up; it is cleaned up at the next start. */
  onLeftover(error: Error): void;
}

/**
 * Keeps each object as one file, named by an id that sorts by arrival. A file that is being written has another suffix
 * and is renamed when it is complete, so that a file with the right name is always whole.
 */
export class DiskQueue implements ObjectQueue {
  /** Ids not yet taken, oldest first, from this index on. */
  private waiting: string[] = [];
  private firstWaiting = 0;
  private taken = 0;
  private readonly found = new Set<string>();
  private readonly parts = new Set<PartFile>();
  private nextId: () => string = objectIds(undefined, 0);

  constructor(private readonly options: DiskQueueOptions) {}

  get size(): number {
    return this.waiting.length - this.firstWaiting + this.taken;
  }

  async open(): Promise<void> {
    const { directory } = this.options;
    await fs.promises.mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    await fs.promises.access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const names = await fs.promises.readdir(directory);
    for (const part of names.filter((name) => name.endsWith(PART_SUFFIX))) {
      await fs.promises.unlink(join(directory, part));
    }
    this.waiting = names
      .filter((name) => name.endsWith(OBJECT_SUFFIX))
      .map((name) => name.slice(0, -OBJECT_SUFFIX.length))
      .filter(isObjectId)
      .sort();
    this.firstWaiting = 0;
    this.waiting.forEach((id) => this.found.add(id));
    this.nextId = objectIds(this.waiting.at(-1), Date.now());
  }

  begin(head: Buffer): QueueWriter {
    if (this.size >= this.options.maxObjects) throw queueFull(this.options.maxObjects);
    const id = this.nextId();
    const part = refusing(() => new PartFile(this.path(id, PART_SUFFIX), FILE_MODE));
    this.parts.add(part);
    const writer: QueueWriter = {
      write: (bytes) => refusing(() => part.write(bytes)),
      content: () => ({ kind: 'file', fd: part.fd, size: part.size }),
      commit: () => this.commit(part),
      discard: () => this.discard(part),
    };
    try {
      writer.write(head);
    } catch (error) {
      writer.discard();
      throw error;
    }
    return writer;
  }

  /** Ids are given at completion, so that objects come out in the order in which they were acknowledged. */
  private async commit(part: PartFile): Promise<void> {
    const id = this.nextId();
    const target = this.path(id);
    try {
      if (this.options.synced) await part.sync();
      part.close();
      fs.renameSync(part.path, target);
      if (this.options.synced) await syncDirectory(this.options.directory);
    } catch (error) {
      this.discard(part);
      this.cleanUp(() => fs.rmSync(target, { force: true }));
      throw refusal(error);
    }
    this.parts.delete(part);
    this.waiting.push(id);
  }

  private discard(part: PartFile): void {
    this.parts.delete(part);
    this.cleanUp(() => part.remove());
  }

  private cleanUp(operation: () => void): void {
    try {
      operation();
    } catch (error) {
      this.options.onLeftover(error as Error);
    }
  }

  take(): QueuedObject | undefined {
    const id = this.waiting[this.firstWaiting];
    if (id === undefined) return undefined;
    this.firstWaiting += 1;
    this.taken += 1;
    this.forgetTaken();
    return {
      id,
      redelivered: this.found.has(id) ? 1 : 0,
      read: (use) => {
        const fd = fs.openSync(this.path(id), 'r');
        try {
          return use({ kind: 'file', fd, size: fs.fstatSync(fd).size });
        } finally {
          fs.closeSync(fd);
        }
      },
    };
  }

  /** Shifting an array of 100 000 ids for each object would make draining quadratic. */
  private forgetTaken(): void {
    if (this.firstWaiting < 1_024 || this.firstWaiting * 2 < this.waiting.length) return;
    this.waiting = this.waiting.slice(this.firstWaiting);
    this.firstWaiting = 0;
  }

  remove(id: string): void {
    this.leave(id);
    fs.rmSync(this.path(id), { force: true });
  }

  setAside(id: string, why: string): void {
    this.leave(id);
    const folder = join(this.options.directory, DEAD_LETTERS);
    fs.mkdirSync(folder, { recursive: true, mode: DIRECTORY_MODE });
    const note = JSON.stringify({ why, at: new Date().toISOString() }, null, 2);
    fs.writeFileSync(join(folder, `${id}.json`), note, { mode: FILE_MODE });
    fs.renameSync(this.path(id), join(folder, id + OBJECT_SUFFIX));
  }

  private leave(id: string): void {
    this.taken -= 1;
    this.found.delete(id);
  }

  close(): void {
    for (const part of [...this.parts]) this.discard(part);
    this.waiting = [];
    this.firstWaiting = 0;
    this.taken = 0;
    this.found.clear();
  }

  private path(id: string, suffix = OBJECT_SUFFIX): string {
    return join(this.options.directory, id + suffix);
  }
}

function refusing<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw refusal(error);
  }
}

const SENTENCES: Record<string, string> = {
  ENOSPC: 'the disk of the queue is full',
  EDQUOT: 'the disk quota of the queue is used up',
  EROFS: 'the disk of the queue is read-only',
  EACCES: 'the queue directory may not be written to',
  ENOENT: 'the queue directory is gone',
  EMFILE: 'too many files are open',
};

function refusal(error: unknown): QueueRefusal {
  if (error instanceof QueueRefusal) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  return new QueueRefusal(code, SENTENCES[code] ?? `the object cannot be stored (${code})`);
}
