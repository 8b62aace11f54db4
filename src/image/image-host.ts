import { join } from 'node:path';
import { IdleHost, HOST_LIMITS, type HostLimits, RequestTimedOut, type Asked } from '../worker';
import type { ImageRequests } from './requests';

/** Of JavaScript: a data set is indexed. Pixels are beside it. */
const HEAP_MB = 256;
const LIMITS: HostLimits = { ...HOST_LIMITS, replyTicks: 120 };

/**
 * Makes pictures, one object at a time, in a worker that ends when it has had nothing to do for half a minute. An object whose
 * picture breaks the worker, is without a sign of life for 30 s, or takes longer than 2 minutes has none: the worker is ended
 * with it, and nothing else is.
 */
export class ImageHost {
  private readonly host: IdleHost<ImageRequests>;
  /** Resolves when all that were asked for are done. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param failed hears of what nobody waits for: an error within the host */
  constructor(failed: (error: Error) => void, idleMs?: number, limits = LIMITS) {
    const choice = { file: join(__dirname, 'worker.js'), name: 'dicom-image', heapMB: HEAP_MB };
    this.host = new IdleHost(choice, failed, idleMs, limits);
  }

  get isRunning(): boolean {
    return this.host.isRunning;
  }

  /** @throws WorkerNotRunning where the worker broke, RequestTimedOut */
  pictures(
    ...args: Asked<ImageRequests, 'pictures'>['args']
  ): Promise<Asked<ImageRequests, 'pictures'>['result']> {
    const made = this.last.then(() => this.ask(args));
    this.last = made.catch(() => undefined);
    return made;
  }

  private async ask(
    args: Asked<ImageRequests, 'pictures'>['args'],
  ): Promise<Asked<ImageRequests, 'pictures'>['result']> {
    try {
      return await this.host.ask('pictures', ...args);
    } catch (error) {
      // It is still at it.
      if (error instanceof RequestTimedOut) await this.host.close();
      throw error;
    } finally {
      // A port that did not get to the worker keeps its object open.
      args[1]?.close();
    }
  }

  /** Ends the worker. What is being made fails. */
  close(): Promise<void> {
    return this.host.close();
  }
}
