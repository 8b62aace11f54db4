import type { ConvertedObject } from '../message';

/** Text and objects that the main thread may hold for the flow before it says that the flow has them. */
const MAX_BYTES = 32_000_000;

interface Message {
  id: string;
  converted: ConvertedObject;
}

/**
 * Passes messages on as long as what is with the main thread is little enough for a small heap; one always passes,
 * however large it is. What does not fit waits here, and nothing passes until it does.
 */
export class FlowBudget {
  private readonly sizes = new Map<string, number>();
  private bytes = 0;
  private held: Message[] = [];

  constructor(private readonly deliver: (id: string, converted: ConvertedObject) => void) {}

  /** One waits: another one would only wait behind it. */
  get isFull(): boolean {
    return this.held.length > 0;
  }

  /** Where a message of it has been passed on before, only this one counts. */
  pass(id: string, converted: ConvertedObject): void {
    this.forget(id);
    this.held.push({ id, converted });
    this.passOn();
  }

  private passOn(): void {
    for (let next = this.held[0]; next !== undefined; next = this.held[0]) {
      const { id, converted } = next;
      const size = bytesOf(converted);
      if (this.bytes > 0 && this.bytes + size > MAX_BYTES) return;
      this.held.shift();
      this.bytes += size;
      this.sizes.set(id, size);
      this.deliver(id, converted);
    }
  }

  /** The main thread no longer holds it, or never did. */
  free(id: string): void {
    this.forget(id);
    this.passOn();
  }

  /** It is not to be passed on any more, either. */
  withdraw(id: string): void {
    this.held = this.held.filter((each) => each.id !== id);
    this.free(id);
  }

  private forget(id: string): void {
    this.bytes -= this.sizes.get(id) ?? 0;
    this.sizes.delete(id);
  }

  /** Returns the ids of what waits. */
  stop(): string[] {
    const ids = this.held.map(({ id }) => id);
    this.held = [];
    this.sizes.clear();
    this.bytes = 0;
    return ids;
  }
}

/** V8 keeps text in one byte a character, or in two. */
function bytesOf({ json, object, document }: ConvertedObject): number {
  return Buffer.byteLength(json) + (object?.byteLength ?? 0) + (document?.byteLength ?? 0);
}
