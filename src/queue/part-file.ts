import type { QueueFiles } from './queue-files';

/** A file that is being written, piece by piece. */
export class PartFile {
  readonly fd: number;
  size = 0;
  private isOpen = true;

  /** Creates it; an existing file is an error. */
  constructor(
    readonly path: string,
    mode: number,
    private readonly files: QueueFiles,
  ) {
    this.fd = files.openSync(path, 'wx+', mode);
  }

  /** The system may take less than all, when the disk fills up for one. */
  write(bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) written += this.files.writeSync(this.fd, bytes, written);
    this.size += bytes.length;
  }

  sync(): Promise<void> {
    return this.files.sync(this.fd);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.files.closeSync(this.fd);
  }

  /** Closes and deletes it, if it is still there under this name. */
  remove(): void {
    try {
      this.close();
    } finally {
      this.files.rmSync(this.path, { force: true });
    }
  }
}
