import type { NodeAPI } from 'node-red';
import { asError } from '../../src/basics';

type Runtime = Pick<NodeAPI, 'events' | 'log'>;

/**
 * What nodes do once the flows have started, and before they stop. One listener for those of all types: an emitter with one for each node warns of
 * a leak from the eleventh on.
 */
export class FlowStart {
  private static readonly ofRuntimes = new WeakMap<Runtime['events'], FlowStart>();
  private waiting = new Set<() => void>();
  private readonly always = new Set<() => void>();
  private readonly stopping = new Set<() => void>();

  /** The one of this Node-RED. */
  static of(RED: Runtime): FlowStart {
    const existing = FlowStart.ofRuntimes.get(RED.events);
    if (existing !== undefined) return existing;
    const start = new FlowStart(RED);
    FlowStart.ofRuntimes.set(RED.events, start);
    return start;
  }

  private constructor(RED: Runtime) {
    const run = (callbacks: (() => void)[]): void => {
      for (const callback of callbacks) {
        try {
          callback();
        } catch (error) {
          // The others must still start.
          RED.log.error(`dicom: ${asError(error).message}`);
        }
      }
    };
    RED.events.on('flows:started', () => {
      const starts = this.waiting;
      this.waiting = new Set();
      run([...starts, ...this.always]);
    });
    RED.events.on('flows:stopping', () => run([...this.stopping]));
  }

  /** Runs it once, at the next start of flows. */
  add(start: () => void): void {
    this.waiting.add(start);
  }

  /** Runs it at each start of flows, after those that wait for one. */
  addForEach(start: () => void): void {
    this.always.add(start);
  }

  /** Runs it at each stop of flows, also if a deploy stops others only. */
  addForEachStop(stop: () => void): void {
    this.stopping.add(stop);
  }

  /** Does not run it any more. */
  remove(callback: () => void): void {
    this.waiting.delete(callback);
    this.always.delete(callback);
    this.stopping.delete(callback);
  }
}
