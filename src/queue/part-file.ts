import { BLOCK_BYTES, BlockBuffer } from './block-buffer';
import { writeAll } from './durable';
import type { ObjectContent } from './object-queue';
import type { QueueFiles } from './queue-files';

/**
 * A file that is being written, piece by piece, under a name of its own until it is complete. Small pieces are collected
 * first: one that is smaller than a block as a whole comes into being at `completeAs`, with one write.
 */
export class PartFile {
  size = 0;
  private fd: number | undefined;
  private collected = new BlockBuffer();

  constructor(
    private path: string,
    private readonly mode: number,
    private readonly files: QueueFiles,
  ) {}

  write(bytes: Buffer): void {
    this.size += bytes.length;
    if (this.collected.size + bytes.length < BLOCK_BYTES) {
      this.collected.append(bytes);
      return;
    }
    this.flush();
    if (bytes.length < BLOCK_BYTES) this.collected.append(bytes);
    else this.writeOut(bytes);
  }

  /** What has been written so far: in memory, as long as that is all of it. */
  content(): ObjectContent {
    if (this.fd === undefined) return { kind: 'memory', bytes: this.collected };
    this.flush();
    return { kind: 'file', fd: this.fd, size: this.size, path: this.path };
  }

  /** All of it, where no file has been begun: nothing is left in here, and the caller clears it. */
  takeCollected(): BlockBuffer | undefined {
    if (this.fd !== undefined) return undefined;
    const { collected } = this;
    this.collected = new BlockBuffer();
    return collected;
  }

  /**
   * Everything is in the file, and this is its name now. Returns its bytes where memory has them all, too: the caller
   * clears them.
   */
  completeAs(path: string): BlockBuffer | undefined {
    if (this.fd !== undefined) {
      this.flush();
      this.files.renameSync(this.path, path);
      this.path = path;
      return undefined;
    }
    this.path = path;
    const { collected } = this;
    this.writeCollected();
    this.collected = new BlockBuffer();
    return collected;
  }

  async sync(): Promise<void> {
    if (this.fd !== undefined) await this.files.sync(this.fd);
  }

  close(): void {
    this.collected.clear();
    if (this.fd === undefined) return;
    const { fd } = this;
    this.fd = undefined;
    this.files.closeSync(fd);
  }

  /** Closes and deletes it, if it is still there under this name. */
  remove(): void {
    const exists = this.fd !== undefined;
    try {
      this.close();
    } finally {
      if (exists) this.files.rmSync(this.path, { force: true });
    }
  }

  private flush(): void {
    this.writeCollected();
    this.collected.clear();
  }

  private writeCollected(): void {
    for (const piece of this.collected.pieces()) this.writeOut(piece);
  }

  /** An existing file is an error. */
  private writeOut(bytes: Buffer): void {
    this.fd ??= this.files.openSync(this.path, 'wx+', this.mode);
    writeAll(this.files, this.fd, bytes);
  }
}
