import { lifeIn } from '../basics';

/** How a worker has been found. */
export type Pulse =
  | 'alive'
  /** It waits for a disk, and has for long. It cannot be ended in a call to the system, and goes on by itself after it. */
  | 'waits-for-disk'
  /** It runs and gets nowhere, or waits for what never comes. */
  | 'hangs';

/**
 * Watches over a worker from outside, by what it shows in memory (`signs-of-life.ts`): its event loop beats once a tick,
 * and so does work that is known to be long. Silence is counted in ticks of the watching thread, not in time: while the
 * process or the machine stood still, nobody watched, and nothing was missed; where all threads are slow, so is the watch.
 */
export class Heartbeat {
  private beats: number;
  private silent = 0;

  constructor(private readonly memory: SharedArrayBuffer) {
    ({ beats: this.beats } = lifeIn(memory));
  }

  /** Looks once. @param patience ticks without a beat that mean nothing */
  tick(patience: number): Pulse {
    const { beats, waitsForDisk } = lifeIn(this.memory);
    this.silent = beats === this.beats ? this.silent + 1 : 0;
    this.beats = beats;
    if (this.silent <= patience) return 'alive';
    return waitsForDisk ? 'waits-for-disk' : 'hangs';
  }
}
