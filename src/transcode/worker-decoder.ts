import { join } from 'node:path';
import { IdleHost } from '../worker';
import type { CodecRequests } from './codec-worker';
import type { CodedFrame } from './codecs';
import type { Decoder } from './decompress';

/** Of JavaScript; the memory of the codecs is their own, and is given back with the worker only. */
const HEAP_MB = 128;

/** Decodes in a worker of its own, which is ended when it has had nothing to do for a while. A frame that breaks it fails. */
export class WorkerDecoder implements Decoder {
  readonly #host: IdleHost<CodecRequests>;

  /** @param failed hears of what nobody waits for: an error within the host */
  constructor(failed: (error: Error) => void, idleMs?: number) {
    const choice = { file: join(__dirname, 'codec-worker.js'), name: 'dicom:codecs', heapMB: HEAP_MB };
    this.#host = new IdleHost(choice, failed, idleMs);
  }

  get isRunning(): boolean {
    return this.#host.isRunning;
  }

  decode(frame: CodedFrame): Promise<Uint8Array> {
    return this.#host.ask('decode', frame);
  }

  /** Ends the worker. Frames that are being decoded fail. Another `decode` starts a new one. */
  close(): Promise<void> {
    return this.#host.close();
  }
}
