import type { IncomingMessage } from 'node:http';
import { Deadline } from '../../../src/basics';

/** Bytes and milliseconds. */
export interface UploadLimits {
  fileBytes: number;
  /** Of all uploads that are under way together. */
  totalBytes: number;
  /** How many are under way at a time. */
  uploads: number;
  /** Without a byte. */
  silenceMs: number;
  /** From the first byte to the last. */
  durationMs: number;
}

/** Why there is no file. `gaveWay`: there were too many, and this one had been silent for longest. */
export type UploadFailure = 'tooLarge' | 'tooSlow' | 'gaveWay' | 'interrupted';

interface Upload {
  chunks: Buffer[];
  size: number;
  lastByteAt: number;
  end(failure?: UploadFailure): void;
}

/**
 * Reads files that are sent to an admin route. Whoever begins one and does not go on costs little and keeps nobody out:
 * the upload that has been silent for longest makes room.
 */
export class Uploads {
  private readonly underWay = new Set<Upload>();

  constructor(private readonly limits: UploadLimits) {}

  /** Resolves with the whole body in its own memory, or with the reason why there is none; then nothing of it is kept. */
  async read(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | UploadFailure> {
    if (Number(request.headers['content-length']) > this.limits.fileBytes) return 'tooLarge';
    const collected = await this.collect(request);
    return typeof collected === 'string' ? collected : joined(collected);
  }

  private collect(request: IncomingMessage): Promise<Buffer[] | UploadFailure> {
    return new Promise((resolve) => {
      const [silence, duration] = [new Deadline(), new Deadline()];
      const upload: Upload = {
        chunks: [],
        size: 0,
        lastByteAt: performance.now(),
        end: (failure) => {
          silence.stop();
          duration.stop();
          request.off('data', take);
          this.underWay.delete(upload);
          resolve(failure ?? upload.chunks);
        },
      };
      const take = (chunk: Buffer): void => {
        silence.refresh();
        this.take(upload, chunk);
      };
      silence.start(this.limits.silenceMs, () => upload.end('tooSlow'));
      duration.start(this.limits.durationMs, () => upload.end('tooSlow'));
      request.on('data', take);
      request.once('end', () => upload.end());
      request.on('error', () => upload.end('interrupted'));
      request.once('close', () => upload.end('interrupted'));
      this.underWay.add(upload);
      if (this.underWay.size > this.limits.uploads) this.makeRoom(upload);
    });
  }

  private take(upload: Upload, chunk: Buffer): void {
    upload.size += chunk.length;
    upload.lastByteAt = performance.now();
    if (upload.size > this.limits.fileBytes) {
      upload.end('tooLarge');
      return;
    }
    upload.chunks.push(chunk);
    while (this.held > this.limits.totalBytes && this.underWay.size > 1) this.makeRoom(upload);
  }

  private get held(): number {
    return [...this.underWay].reduce((bytes, { size }) => bytes + size, 0);
  }

  private makeRoom(except: Upload): void {
    const [silent] = [...this.underWay]
      .filter((upload) => upload !== except)
      .sort((a, b) => a.lastByteAt - b.lastByteAt);
    silent?.end('gaveWay');
  }
}

function joined(chunks: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(chunks.reduce((bytes, { length }) => bytes + length, 0));
  let end = 0;
  for (const chunk of chunks) {
    file.set(chunk, end);
    end += chunk.length;
  }
  return file;
}
