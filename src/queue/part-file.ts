import * as fs from 'node:fs';
import { promisify } from 'node:util';

const fsync = promisify(fs.fsync);

/**
 * A file that is being written, piece by piece. Writes are synchronous: on the worker's own thread, small ones cost less
 * than a trip through the thread pool. Syncing, which waits for the disk, is not.
 */
export class PartFile {
  readonly fd: number;
  size = 0;
  private isOpen = true;

  /** Creates it; an existing file is an error. */
  constructor(
    readonly path: string,
    mode: number,
  ) {
    this.fd = fs.openSync(path, 'wx+', mode);
  }

  /** The system may take less than all, when the disk fills up for one. */
  write(bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) written += fs.writeSync(this.fd, bytes, written);
    this.size += bytes.length;
  }

  sync(): Promise<void> {
    return fsync(this.fd);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    fs.closeSync(this.fd);
  }

  /** Closes and deletes it, if it is still there under this name. */
  remove(): void {
    this.close();
    fs.rmSync(this.path, { force: true });
  }
}
