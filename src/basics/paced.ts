/**
 * Calls back when something has changed: at once, and then at most once per interval (milliseconds), so that the last change is
 * always told of.
 */
export class Paced {
  private timer: NodeJS.Timeout | undefined;
  private hasChanged = false;

  constructor(
    private readonly milliseconds: number,
    private readonly tell: () => void,
  ) {}

  /** @param isUrgent it is told of at once, whenever the last time was */
  changed(isUrgent = false): void {
    this.hasChanged = true;
    if (this.timer !== undefined && !isUrgent) return;
    clearTimeout(this.timer);
    this.tellNow();
  }

  /** What has not been told of is not. */
  stop(): void {
    clearTimeout(this.timer);
    this.hasChanged = false;
  }

  private tellNow(): void {
    this.timer = undefined;
    if (!this.hasChanged) return;
    this.hasChanged = false;
    this.timer = setTimeout(() => this.tellNow(), this.milliseconds).unref();
    this.tell();
  }
}
