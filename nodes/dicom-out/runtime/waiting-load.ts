/** Messages that wait are in memory. One always passes. */
const MOST_BYTES = 32_000_000;

/** Bounds what waits to be sent. The objects of these messages may lie elsewhere; their JSON and their Buffers do not. */
export class WaitingLoad {
  private readonly loads = new Set<{ bytes: number }>();

  /** @param most messages at a time */
  constructor(private readonly most: number) {}

  get size(): number {
    return this.loads.size;
  }

  /** There are as many as there may be; otherwise what is beyond are their bytes. */
  get isAtMost(): boolean {
    return this.size >= this.most;
  }

  /** Makes room for a message. Returns what gives it back; undefined: there is none. */
  add(bytes: number): (() => void) | undefined {
    const { size } = this.loads;
    const total = [...this.loads].reduce((sum, other) => sum + other.bytes, bytes);
    const isBeyond = size >= this.most || total > MOST_BYTES;
    if (size > 0 && isBeyond) return undefined;
    const load = { bytes };
    this.loads.add(load);
    return () => this.loads.delete(load);
  }
}
