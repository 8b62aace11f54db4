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
  private folder: string | undefined;
  private file: FileHandle | undefined;

  /** @throws what reading the blocks throws; the system's error */
  async of(copied: Copied): Promise<ByteSource> {
    if (copied.size <= MOST_IN_MEMORY) {
      const blocks: Buffer[] = [];
      for await (const block of copied.blocks()) blocks.push(block);
      return bufferSource(Buffer.concat(blocks));
    }
    this.folder = await mkdtemp(join(tmpdir(), 'dicom-copy-'));
    this.file = await open(join(this.folder, 'object'), 'wx+', 0o600);
    for await (const block of copied.blocks()) await this.file.writeFile(block);
    return fileSource(this.file.fd, copied.size);
  }

  async close(): Promise<void> {
    await this.file?.close();
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
  }
}
