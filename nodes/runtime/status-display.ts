import type { NodeStatus } from 'node-red';

/** With the machine-readable fields that Status nodes get. */
export type ShownStatus = NodeStatus & { state: string };

/** More often nobody could read it, and every change is a message of each Status node. */
const INTERVAL_MS = 1_000;

/** Shows a node's status where it has changed, at most once a second: what comes sooner is shown when that is over. */
export class StatusDisplay<Status extends ShownStatus = ShownStatus> {
  private shown = '';
  private timer: NodeJS.Timeout | undefined;

  /** @param beside what is not among the words, and is shown when it changes all the same */
  constructor(
    private readonly current: () => Status,
    private readonly show: (status: Status) => void,
    private readonly beside: (status: Status) => string | number = () => '',
  ) {}

  refresh(): void {
    if (this.timer !== undefined) return;
    const status = this.current();
    const shown = `${status.state} ${status.text} ${this.beside(status)}`;
    if (shown === this.shown) return;
    this.shown = shown;
    this.show(status);
    // What comes of a start follows at once.
    if (status.state === 'starting') return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.refresh();
    }, INTERVAL_MS);
  }

  close(): void {
    clearTimeout(this.timer);
  }
}
