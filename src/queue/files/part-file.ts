import { type DiskFiles, writePieces } from '../../basics';
import { BLOCK_BYTES, BlockBuffer } from '../block-buffer';
import { crc32 } from 'node:zlib';
import type { ObjectContent } from '../object-queue';

/** A file is written in pieces of this size: a call to the system costs as much as 20 KB of them. */
const COLLECTED_BYTES = 4 * BLOCK_BYTES;

/**
 * An object that is being written, piece by piece: in memory while it is small, then in a file under a name of its own until
 * it is complete.
 */
export class PartFile {
  size = 0;
  /** CRC-32 of what has been written. */
  checksum = 0;
  private fd: number | undefined;
  private path = '';
  private collected = new BlockBuffer();
  /** The first block, once it is in the file: an object's attributes are here, and need not be read from the file. */
  private head: BlockBuffer | undefined;

  constructor(
    /** Makes the path of the file, once there is one. */
    private readonly newPath: () => string,
    private readonly mode: number,
    private readonly files: DiskFiles,
    /** Size, at least one block, from which it is not small. */
    private readonly largeBytes: number,
  ) {}

  append(bytes: Buffer): void {
    this.size += bytes.length;
    this.checksum = crc32(bytes, this.checksum);
    if (this.fd === undefined && this.size < this.largeBytes) {
      this.collected.append(bytes);
      return;
    }
    const rest = this.fd === undefined ? this.writeHead(bytes) : bytes;
    if (this.collected.size + rest.length >= COLLECTED_BYTES) this.flush();
    if (rest.length < COLLECTED_BYTES) this.collected.append(rest);
    else this.writeOut([rest]);
  }

  /** What has been written so far: in memory, as long as that is all of it. */
  content(): ObjectContent {
    if (this.fd === undefined) return { kind: 'memory', bytes: this.collected };
    this.flush();
    return { kind: 'file', fd: this.fd, size: this.size, path: this.path, head: this.head?.view(0, 1) };
  }

  /** The first block of what is a file, for those who refer to it: the caller clears it. */
  takeHead(): BlockBuffer | undefined {
    const { head } = this;
    this.head = undefined;
    return head;
  }

  /** All of it, where no file has been begun: nothing is left in here, and the caller clears it. */
  takeCollected(): BlockBuffer | undefined {
    if (this.fd !== undefined) return undefined;
    const { collected } = this;
    this.collected = new BlockBuffer();
    return collected;
  }

  /** All of what has been written is in the file, and on the disk where that is wanted. */
  async complete(isSynced: boolean): Promise<void> {
    this.flush();
    if (isSynced && this.fd !== undefined) await this.files.sync(this.fd);
  }

  /** This is the name of the file from now on. Never before `complete`. */
  rename(path: string): void {
    this.files.renameSync(this.path, path);
    this.path = path;
  }

  close(): void {
    this.collected.clear();
    this.head?.clear();
    if (this.fd === undefined) return;
    const { fd } = this;
    this.fd = undefined;
    this.files.closeSync(fd);
  }

  /** Closes and deletes it, if it is still there under this name. */
  discard(): void {
    const exists = this.fd !== undefined;
    try {
      this.close();
    } finally {
      if (exists) this.files.rmSync(this.path, { force: true });
    }
  }

  /** Begins the file with a full block at least, and keeps that block. Returns what is left. */
  private writeHead(bytes: Buffer): Buffer {
    const room = Math.max(0, BLOCK_BYTES - this.collected.size);
    this.collected.append(bytes.subarray(0, room));
    this.writeCollected();
    this.collected.keepFirst();
    this.head = this.collected;
    this.collected = new BlockBuffer();
    return bytes.subarray(room);
  }

  private flush(): void {
    if (this.collected.size === 0) return;
    this.writeCollected();
    this.collected.clear();
  }

  private writeCollected(): void {
    this.writeOut([...this.collected.pieces()]);
  }

  /** An existing file is an error. */
  private writeOut(pieces: readonly Buffer[]): void {
    if (this.fd === undefined) {
      this.path = this.newPath();
      this.fd = this.files.openSync(this.path, 'wx+', this.mode);
    }
    writePieces(this.files, this.fd, pieces);
  }
}
