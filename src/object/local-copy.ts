import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, type ByteSource, fileSource } from '../dicom';
import type { ObjectHandle } from '../queue';

/** Up to this, a copy is in memory. */
const MOST_IN_MEMORY = 16_777_216;

/**
 * A copy of a queue's object for those who read here and there: a queue gives its objects from the beginning to the end, and
 * may be in another thread. A large one is a temporary file that nobody else may read.
 */
export class LocalCopy {
  private folder: string | undefined;
  private file: FileHandle | undefined;

  /** @throws what the handle throws; the system's error */
  async of(handle: ObjectHandle): Promise<ByteSource> {
    if (handle.size <= MOST_IN_MEMORY) {
      const blocks: Buffer[] = [];
      for await (const block of handle.blocks()) blocks.push(block);
      return bufferSource(Buffer.concat(blocks));
    }
    this.folder = await mkdtemp(join(tmpdir(), 'dicom-copy-'));
    this.file = await open(join(this.folder, 'object'), 'wx+', 0o600);
    for await (const block of handle.blocks()) await this.file.writeFile(block);
    return fileSource(this.file.fd, handle.size);
  }

  async close(): Promise<void> {
    await this.file?.close();
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
  }
}
