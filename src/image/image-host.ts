import { join } from 'node:path';
import type { EditFailure } from '../edit';
import { type Asked, HOST_LIMITS, type HostLimits, IdleHost, isUnheard } from '../worker';
import type { ImageRequests, Pictures } from './requests';

type PictureArgs = Asked<ImageRequests, 'pictures'>['args'];

/** Of JavaScript: a data set is indexed. Pixels are beside it. */
const HEAP_MB = 256;
const LIMITS: HostLimits = { ...HOST_LIMITS, replyTicks: 120 };

/**
 * Makes pictures, one object at a time, in a worker that ends when it has had nothing to do for half a minute. An object whose
 * picture breaks the worker, keeps it without a sign of life for 30 s, or takes longer than 2 minutes has none: the worker is
 * ended with it, and nothing else is.
 */
export class ImageHost {
  private readonly host: IdleHost<ImageRequests>;
  private readonly users = new Set<object>();
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

  addUser(user: object): void {
    this.users.add(user);
  }

  /** Where nobody else uses it, what is being made fails, and this resolves when the worker is gone. */
  async removeUser(user: object): Promise<void> {
    this.users.delete(user);
    if (this.users.size === 0) await this.host.close();
  }

  /** As `ImageRequests` has it. The failure `too-much-work`: the worker had to be ended, or has ended. */
  pictures(...args: PictureArgs): Promise<Pictures | EditFailure> {
    const made = this.last.then(() => this.ask(args));
    this.last = made.catch(() => undefined);
    return made;
  }

  private async ask(args: PictureArgs): Promise<Pictures | EditFailure> {
    try {
      return await this.host.ask('pictures', ...args);
    } catch (error) {
      if (!isUnheard(error)) throw error;
      // It may be at it still. The next one has another worker.
      await this.host.close();
      return { failure: { code: 'too-much-work', text: error.message } };
    } finally {
      // A port that did not get to the worker keeps its object open.
      args[1]?.close();
    }
  }
}
