import { poison } from '../basics';

/** Pieces of memory of one size, of which some stay for those who come next. */
export class SpareMemory {
  private readonly spare: Buffer[] = [];

  /** @param most of those that stay */
  constructor(
    private readonly bytes: number,
    private readonly most: number,
    private readonly make: (bytes: number) => Buffer = (bytes) => Buffer.allocUnsafeSlow(bytes),
  ) {}

  take(): Buffer {
    return this.spare.pop() ?? this.make(this.bytes);
  }

  /** Nobody reads it any more. */
  giveBack(memory: Buffer): void {
    poison(memory);
    if (this.spare.length < this.most) this.spare.push(memory);
  }
}
