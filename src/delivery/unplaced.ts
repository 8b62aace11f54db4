import { BackOff } from '../basics';

/** What is reported of objects that cannot be put in place, once for each cause and time. */
export interface Unplaceable {
  /** Of the object that was tried last. */
  id: string;
  /** What tells causes apart, such as the code of an error. */
  key: string;
  reason: string;
  /** Number of objects that wait for the same cause to go away. */
  objects: number;
}

export interface UnplacedListener {
  /** These are to be tried again, the oldest first. */
  retry(ids: readonly string[]): void;
  /** A cause has come up, or still stands. */
  failing(cause: Unplaceable): void;
}

/** When a file cannot be put in place, the disk or the operator need time. */
const RETRY_FIRST_MS = 15_000;
const RETRY_LAST_MS = 900_000;
/** A cause that persists is reported again after this time. */
const TELL_AGAIN_MS = 3_600_000;
/** Most errors in a quarter of an hour, however many causes there are. */
const MOST_TOLD = 10;
const TOLD_WINDOW_MS = 900_000;
/** Tried beside the oldest one: an object that fails for a different reason must not hold up the others. */
const OTHER_PROBES = 3;
/** Number of objects that are tried a last time together when their time is over. */
const MOST_LAST_TRIES = 200;
const MS_PER_HOUR = 3_600_000;
/** For `placeForHours`. */
export const FOR_EVER = 0;

/** Why objects wait, and which: by id, the moment (of the wall clock) at which each is given up. */
interface Cause {
  reason: string;
  ids: Map<string, number>;
  backoff: BackOff;
  /** When its probes are due, and when they were last sent; monotonic. */
  due: number;
  probedAt: number;
  toldAt: number;
  /** Where the next of the other probes stands among the ids. */
  turn: number;
}

/**
 * Objects whose files cannot be put in place at present, by cause. They hold no place under way. A few of each cause are
 * tried again, after waiting times that double; when one gets its place, so do all others of the cause, and the other
 * causes are looked at, too.
 */
export class Unplaced {
  private readonly causes = new Map<string, Cause>();
  /** Objects that are being tried again, with their cause. */
  private readonly probes = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = -Infinity;
  private told = { since: -Infinity, number: 0 };

  /** @param placeForHours hours after which an object is given up, counted from its receipt; 0: never */
  constructor(
    private readonly placeForHours: number,
    private readonly listener: UnplacedListener,
    /** Milliseconds that only go forward. */
    private readonly now = (): number => performance.now(),
  ) {}

  get size(): number {
    let size = 0;
    for (const { ids } of this.causes.values()) size += ids.size;
    return size;
  }

  /**
   * The object could not be put in place. False when its time is over: nothing is kept of it then. The first time is never
   * the last one: what was received long ago, before Node-RED was started, gets a second chance.
   * @param receivedAt milliseconds of the wall clock
   */
  add(id: string, receivedAt: number, key: string, reason: string): boolean {
    const wasTried = this.probes.delete(id);
    const until = this.placeForHours === FOR_EVER ? Infinity : receivedAt + this.placeForHours * MS_PER_HOUR;
    if (wasTried && Date.now() >= until) return false;
    const cause = this.causes.get(key) ?? this.begin(key);
    cause.reason = reason;
    cause.ids.set(id, until);
    this.tell(id, key, cause);
    this.schedule();
    return true;
  }

  /** An object has got its place. */
  placed(id: string): void {
    const key = this.probes.get(id);
    this.probes.delete(id);
    if (this.causes.size === 0) return;
    const now = this.now();
    if (key !== undefined) {
      this.retryAll(key);
      for (const cause of this.causes.values()) cause.due = Math.min(cause.due, now);
      this.schedule();
    } else if (now - this.lookedAt >= RETRY_FIRST_MS) {
      // Something works: perhaps what has waited longest for it does, too.
      this.lookedAt = now;
      const [longest] = [...this.causes.values()].sort((a, b) => a.probedAt - b.probedAt);
      if (longest !== undefined) longest.due = Math.min(longest.due, longest.probedAt + RETRY_FIRST_MS);
      this.schedule();
    }
  }

  /** It is tried no more, for another reason. */
  forget(id: string): void {
    this.probes.delete(id);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.causes.clear();
    this.probes.clear();
  }

  private begin(key: string): Cause {
    const backoff = new BackOff(RETRY_FIRST_MS, RETRY_LAST_MS);
    const now = this.now();
    const due = now + backoff.wait();
    const cause = { reason: '', ids: new Map(), backoff, due, probedAt: now, toldAt: -Infinity, turn: 0 };
    this.causes.set(key, cause);
    return cause;
  }

  private tell(id: string, key: string, cause: Cause): void {
    const now = this.now();
    if (now - cause.toldAt < TELL_AGAIN_MS) return;
    if (now - this.told.since >= TOLD_WINDOW_MS) this.told = { since: now, number: 0 };
    if (this.told.number >= MOST_TOLD) return;
    this.told.number += 1;
    cause.toldAt = now;
    this.listener.failing({ id, key, reason: cause.reason, objects: cause.ids.size });
  }

  private retryAll(key: string): void {
    const cause = this.causes.get(key);
    if (cause === undefined) return;
    this.causes.delete(key);
    this.listener.retry(inOrder(cause.ids.keys()));
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    let due = Infinity;
    for (const cause of this.causes.values()) due = Math.min(due, cause.due);
    if (due === Infinity) return;
    this.timer = setTimeout(() => this.probe(), Math.max(0, due - this.now()));
  }

  private probe(): void {
    const now = this.now();
    const ids: string[] = [];
    for (const [key, cause] of this.causes) {
      if (cause.due > now) continue;
      const probes = probesOf(cause);
      for (const id of probes) {
        cause.ids.delete(id);
        this.probes.set(id, key);
      }
      ids.push(...probes);
      cause.probedAt = now;
      cause.due = now + cause.backoff.wait();
      // One that nothing waits for is gone, unless its probes fail.
      if (cause.ids.size === 0 && probes.size === 0) this.causes.delete(key);
    }
    this.schedule();
    if (ids.length > 0) this.listener.retry(inOrder(ids));
  }
}

/** The oldest, some others in turn, and those whose time is over. */
function probesOf(cause: Cause): Set<string> {
  const ids = inOrder(cause.ids.keys());
  const probes = new Set(ids.slice(0, 1));
  for (let other = 0; other < OTHER_PROBES && probes.size < ids.length; other += 1) {
    cause.turn = (cause.turn + 1) % ids.length;
    probes.add(ids[cause.turn] ?? '');
  }
  const now = Date.now();
  for (const id of ids) {
    if (probes.size >= MOST_LAST_TRIES) break;
    if (now >= (cause.ids.get(id) ?? Infinity)) probes.add(id);
  }
  return probes;
}

/** Ids sort by arrival. */
function inOrder(ids: Iterable<string>): string[] {
  return [...ids].sort();
}
