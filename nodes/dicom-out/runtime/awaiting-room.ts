import { type HeldObject, Postponed } from '../../runtime/objects';

/** A disk does not say when it has room. Milliseconds. */
const ASK_MS = 5_000;

/** Objects for which the outbox had no room. They are held without their messages, and come again, the oldest first, one by one as there may be some. */
export class AwaitingRoom {
  private readonly objects = new Postponed();
  private asking: NodeJS.Timeout | undefined;

  /** @param failed told of what a queue has thrown */
  constructor(private readonly failed: (error: unknown) => void) {}

  get size(): number {
    return this.objects.size;
  }

  async add(held: HeldObject): Promise<void> {
    await this.objects.add(held);
    if (this.size > 0) this.asking ??= setInterval(() => this.mayHaveRoom(), ASK_MS).unref();
  }

  /** There may be room for one. */
  mayHaveRoom(): void {
    this.objects.next().catch(this.failed);
    if (this.size === 0) this.stopAsking();
  }

  close(): Promise<void> {
    this.stopAsking();
    return this.objects.close();
  }

  private stopAsking(): void {
    clearInterval(this.asking);
    this.asking = undefined;
  }
}
