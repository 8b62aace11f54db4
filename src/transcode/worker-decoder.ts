import { join } from 'node:path';
import { WorkerHost } from '../worker';
import type { CodecRequests } from './codec-worker';
import type { CodedFrame } from './codecs';
import type { Decoder } from './decompress';

type Host = WorkerHost<undefined, { kind: string }, never, CodecRequests>;

/** Of JavaScript; the memory of the codecs is their own, and is given back with the worker only. */
const HEAP_MB = 128;
const IDLE_MS = 30_000;

/**
 * Decodes in a worker of its own, which is started when it is needed and ended when it has had nothing to do for half a
 * minute: WebAssembly memory never shrinks. A frame that breaks the worker, or takes longer than a worker may be silent,
 * fails; the next one has a new worker.
 */
export class WorkerDecoder implements Decoder {
  readonly #idleMs: number;
  readonly #failed: (error: Error) => void;
  #host: Host | undefined;
  #timer: NodeJS.Timeout | undefined;
  #busy = 0;

  /** @param failed hears of what nobody waits for: an error within the host */
  constructor(failed: (error: Error) => void, idleMs = IDLE_MS) {
    this.#failed = failed;
    this.#idleMs = idleMs;
  }

  get isRunning(): boolean {
    return this.#host !== undefined;
  }

  async decode(frame: CodedFrame): Promise<Uint8Array> {
    clearTimeout(this.#timer);
    this.#busy += 1;
    try {
      return await (this.#host ??= this.#start()).ask('decode', frame);
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#timer = setTimeout(() => void this.close(), this.#idleMs).unref();
    }
  }

  /** Ends the worker. Frames that are being decoded fail. Another `decode` starts a new one. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const host = this.#host;
    this.#host = undefined;
    await host?.stop(0);
  }

  #start(): Host {
    const host: Host = new WorkerHost(
      { file: join(__dirname, 'codec-worker.js'), name: 'dicom:codecs', heapMB: HEAP_MB },
      undefined,
      {
        message: () => undefined,
        // It is started again by the next frame, not by itself.
        news: ({ kind }) => {
          if (kind === 'ended' && this.#host === host) void this.close();
        },
        failed: this.#failed,
      },
    );
    host.start();
    return host;
  }
}
