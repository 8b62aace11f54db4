import type { NodeAPI } from 'node-red';

/**
 * What nodes do once the flows have started. One listener for all of them: an emitter with one for each node warns of a leak
 * from the eleventh on.
 */
export class FlowStart {
  private waiting = new Set<() => void>();

  constructor(RED: Pick<NodeAPI, 'events' | 'log'>) {
    RED.events.on('flows:started', () => {
      const starts = this.waiting;
      this.waiting = new Set();
      for (const start of starts) {
        try {
          start();
        } catch (error) {
          // The others are to start nevertheless.
          RED.log.error(`dicom-in: ${String(error)}`);
        }
      }
    });
  }

  /** Runs it once, at the next start of flows. */
  add(start: () => void): void {
    this.waiting.add(start);
  }

  /** Does not run it, if it has not been. */
  remove(start: () => void): void {
    this.waiting.delete(start);
  }
}
