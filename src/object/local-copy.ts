import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, type ByteSource, fileSource } from '../dicom';

/** Up to this, a copy is in memory. */
const MOST_IN_MEMORY = 16_777_216;

/** Bytes that come from the beginning to the end. */
export interface Copied {
  readonly size: number;
  blocks(): Iterable<Buffer> | AsyncIterable<Buffer>;
}

/**
 * A copy for those who read here and there, of what comes from the beginning to the end: a queue's object, which may be in
 * another thread, or one that is recoded. A large one is a temporary file that nobody else may read.
 */
export class LocalCopy {
  private copying: Promise<ByteSource> | undefined;
  private folder: string | undefined;
  private file: FileHandle | undefined;

  /** One and the same copy, however often it is asked for. @throws what reading the blocks throws; the system's error */
  of(copied: Copied): Promise<ByteSource> {
    this.copying ??= this.copy(copied);
    return this.copying;
  }

  async close(): Promise<void> {
    // Who asked for it hears of what went wrong with it.
    await Promise.allSettled([this.copying]);
    await this.file?.close();
    await this.removeFolder();
  }

  private async copy(copied: Copied): Promise<ByteSource> {
    return copied.size <= MOST_IN_MEMORY ? bufferSource(await inMemory(copied)) : this.inFile(copied);
  }

  private async inFile(copied: Copied): Promise<ByteSource> {
    this.folder = await mkdtemp(join(tmpdir(), 'dicom-copy-'));
    this.file = await open(join(this.folder, 'object'), 'wx+', 0o600);
    // Without a name the file goes with the process, however that ends. Where a file in use keeps its name, `close` removes it.
    await this.removeFolder().catch(() => undefined);
    for await (const block of copied.blocks()) await this.file.writeFile(block);
    return fileSource(this.file.fd, copied.size);
  }

  private async removeFolder(): Promise<void> {
    if (this.folder === undefined) return;
    await rm(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }
}

async function inMemory(copied: Copied): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const block of copied.blocks()) all.push(block);
  return Buffer.concat(all);
}
