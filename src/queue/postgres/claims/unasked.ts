import type { ClaimedObject } from './claimed-object';

/**
 * Objects that are ready here and that nobody here asks for: more had come in than there was room for, and the flow has none since.
 * Others may have room.
 */
export class Unasked {
  private before: ReadonlySet<ClaimedObject> = new Set();

  /**
   * To be called from time to time.
   * @param ready what nobody asks for now
   * @param busy associations of which more is claimed here: nothing may be overtaken
   * @returns what nobody has asked for since the last time, and what follows it in its association
   */
  next(ready: readonly ClaimedObject[], busy: ReadonlySet<number>): ClaimedObject[] {
    const stayed = ready.filter((object) => this.before.has(object));
    this.before = new Set(ready);
    const streams = new Set(stayed.map(({ row }) => row.stream));
    return ready.filter(({ row }) => streams.has(row.stream) && !busy.has(row.stream));
  }
}
