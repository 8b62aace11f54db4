import type { NodeAPI } from 'node-red';
import { asError } from '../../src/basics';

type Runtime = Pick<NodeAPI, 'events' | 'log'>;

/**
 * What nodes do once the flows have started. One listener for those of all types: an emitter with one for each node warns of
 * a leak from the eleventh on.
 */
export class FlowStart {
  private static readonly ofRuntimes = new WeakMap<Runtime['events'], FlowStart>();
  private waiting = new Set<() => void>();
  private readonly always = new Set<() => void>();

  /** The one of this Node-RED. */
  static of(RED: Runtime): FlowStart {
    const existing = FlowStart.ofRuntimes.get(RED.events);
    if (existing !== undefined) return existing;
    const start = new FlowStart(RED);
    FlowStart.ofRuntimes.set(RED.events, start);
    return start;
  }

  private constructor(RED: Runtime) {
    RED.events.on('flows:started', () => {
      const starts = this.waiting;
      this.waiting = new Set();
      for (const start of [...starts, ...this.always]) {
        try {
          start();
        } catch (error) {
          // The others must still start.
          RED.log.error(`dicom: ${asError(error).message}`);
        }
      }
    });
  }

  /** Runs it once, at the next start of flows. */
  add(start: () => void): void {
    this.waiting.add(start);
  }

  /** Runs it at each start of flows, after those that wait for one. */
  addForEach(start: () => void): void {
    this.always.add(start);
  }

  /** Does not run it any more. */
  remove(start: () => void): void {
    this.waiting.delete(start);
    this.always.delete(start);
  }
}
