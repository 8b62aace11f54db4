import { factsInId, sequenceOf } from './object-id';

export interface KeepLimits {
  /** How long an object that the flow got without acknowledgement can still be opened. 0: not at all. */
  keepDeliveredMs: number;
  /** Bytes of all of them; the oldest goes first. */
  keepDeliveredBytes: number;
}

export const KEEP_NOTHING: KeepLimits = { keepDeliveredMs: 0, keepDeliveredBytes: 0 };

interface Kept {
  id: string;
  size: number;
  until: number;
}

/** Objects that the flow has got and nobody will acknowledge, for a while, in the order of their delivery. */
export class KeptDelivered {
  /** By the part of the id that both of an object's names share. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param drop deletes the bytes */
  constructor(
    private readonly limits: KeepLimits,
    private readonly drop: (id: string) => void,
  ) {}

  /** False: it is not to be kept. */
  takes(id: string): boolean {
    const { keepDeliveredMs, keepDeliveredBytes } = this.limits;
    return keepDeliveredMs > 0 && (factsInId(id).size ?? Infinity) <= keepDeliveredBytes;
  }

  get(sequence: string): string | undefined {
    return this.kept.get(sequence)?.id;
  }

  has(id: string): boolean {
    return this.get(sequenceOf(id)) === id;
  }

  add(id: string): void {
    const { keepDeliveredMs, keepDeliveredBytes } = this.limits;
    const { size = 0 } = factsInId(id);
    this.kept.set(sequenceOf(id), { id, size, until: performance.now() + keepDeliveredMs });
    this.bytes += size;
    for (const { id: oldest } of this.kept.values()) {
      if (this.bytes <= keepDeliveredBytes) break;
      this.dropOne(oldest);
    }
    this.timer ??= setTimeout(() => this.expire(), keepDeliveredMs).unref();
  }

  /** It is somebody else's now. */
  forget(id: string): void {
    const kept = this.kept.get(sequenceOf(id));
    if (kept === undefined) return;
    this.kept.delete(sequenceOf(id));
    this.bytes -= kept.size;
  }

  /** True when there were some. */
  clear(): boolean {
    const hadSome = this.kept.size > 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { id } of this.kept.values()) this.dropOne(id);
    return hadSome;
  }

  private dropOne(id: string): void {
    this.forget(id);
    this.drop(id);
  }

  private expire(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const { id, until } of this.kept.values()) {
      if (until > now) {
        this.timer = setTimeout(() => this.expire(), until - now).unref();
        return;
      }
      this.dropOne(id);
    }
  }
}
