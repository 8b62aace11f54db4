import type { ConvertedObject } from '../message';

/** Text and objects that the main thread may hold for the flow before it says that the flow has them. */
const MAX_BYTES = 32_000_000;

/**
 * Passes messages on as long as what is with the main thread is little enough for a small heap; one always passes,
 * however large it is. The first that does not fit waits here, and nothing passes until it does.
 */
export class FlowBudget {
  private readonly sizes = new Map<string, number>();
  private bytes = 0;
  private held: { id: string; converted: ConvertedObject } | undefined;

  constructor(private readonly deliver: (id: string, converted: ConvertedObject) => void) {}

  /** One waits: another one would be in the way. */
  get isFull(): boolean {
    return this.held !== undefined;
  }

  pass(id: string, converted: ConvertedObject): void {
    const size = bytesOf(converted);
    if (this.bytes > 0 && this.bytes + size > MAX_BYTES) {
      this.held = { id, converted };
      return;
    }
    this.bytes += size;
    this.sizes.set(id, size);
    this.deliver(id, converted);
  }

  /** The main thread no longer holds it, or never did. */
  free(id: string): void {
    this.bytes -= this.sizes.get(id) ?? 0;
    this.sizes.delete(id);
    const { held } = this;
    this.held = undefined;
    if (held !== undefined && held.id !== id) this.pass(held.id, held.converted);
  }

  /** Returns the id of what waits. */
  stop(): string | undefined {
    const id = this.held?.id;
    this.held = undefined;
    this.sizes.clear();
    this.bytes = 0;
    return id;
  }
}

/** V8 keeps text in one byte a character, or in two. */
function bytesOf({ json, object, document }: ConvertedObject): number {
  return Buffer.byteLength(json) + (object?.byteLength ?? 0) + (document?.byteLength ?? 0);
}
