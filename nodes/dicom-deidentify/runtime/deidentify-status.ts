import type { Node } from 'node-red';
import type { Text } from '../../runtime/node-texts';
import { type ShownStatus, StatusDisplay } from '../../runtime/status-display';

/** What the node shows: what is wrong, what is under way, and how many objects it has kept back since it was deployed. */
export class DeidentifyStatus {
  private readonly display: StatusDisplay;
  private waiting = 0;
  private back = 0;
  private retry = 0;

  constructor(
    private readonly text: Text,
    node: Node,
    private readonly isInvalid: boolean,
  ) {
    this.display = new StatusDisplay(
      () => this.current(),
      (status) => node.status(status),
    );
    this.display.refresh();
  }

  working(waiting: number): void {
    this.waiting = waiting;
    this.display.refresh();
  }

  /** @param count objects that come again later */
  toRetry(count: number): void {
    this.retry = count;
    this.display.refresh();
  }

  keptBack(): void {
    this.back += 1;
    this.display.refresh();
  }

  close(): void {
    this.display.close();
  }

  private current(): ShownStatus {
    const { text, back, retry } = this;
    if (this.isInvalid)
      return { state: 'invalid', fill: 'red', shape: 'ring', text: text('status.settings') };
    const kept = [
      ...(retry > 0 ? [text('status.toRetry', { count: retry })] : []),
      ...(back > 0 ? [text('status.keptBack', { count: back })] : []),
    ];
    if (this.waiting > 0) {
      const working = text('status.working', { count: this.waiting });
      return { state: 'working', fill: 'blue', shape: 'dot', text: [working, ...kept].join(', ') };
    }
    if (retry > 0) return { state: 'toRetry', fill: 'yellow', shape: 'ring', text: kept.join(', ') };
    if (back > 0) return { state: 'keptBack', fill: 'yellow', shape: 'dot', text: kept.join() };
    return { state: 'idle', fill: 'green', shape: 'ring', text: text('status.idle') };
  }
}
