import type { QueuedObject } from '../queue';
import type { DicomInSettings } from '../settings';
import type { GiveUpReason } from './give-up-reason';

/** An object that has been claimed and not yet removed. */
export interface UnderWay {
  queued: QueuedObject;
  /** How often its message went to the flow since it was claimed. */
  deliveries: number;
  timer?: NodeJS.Timeout;
  /** A node has it: it does not come again for so long, milliseconds. */
  heldMs?: number | undefined;
  /** Why its message could not be sent the last time. */
  notSent?: string | undefined;
  /** Why a node of the flow could not work on it the last time. */
  said?: string;
}

/** The objects that a delivery has claimed, each with what is to happen to it next. */
export class ObjectsUnderWay {
  private readonly entries = new Map<string, UnderWay>();

  get size(): number {
    return this.entries.size;
  }

  has(id: string): boolean {
    return this.entries.has(id);
  }

  get(id: string): UnderWay | undefined {
    return this.entries.get(id);
  }

  set(id: string, entry: UnderWay): void {
    this.entries.set(id, entry);
  }

  /** This is to happen after so long, and not what was to happen before. */
  after(milliseconds: number, entry: UnderWay, expired: () => void): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(expired, milliseconds);
  }

  forget(id: string): void {
    clearTimeout(this.entries.get(id)?.timer);
    this.entries.delete(id);
  }

  clear(): void {
    for (const { timer } of this.entries.values()) clearTimeout(timer);
    this.entries.clear();
  }
}

/** Why no other attempt is made with an object. Undefined: another one is. */
export function overReason(
  { queued, notSent, said }: UnderWay,
  { maxDeliveries, maxCrashes }: Pick<DicomInSettings, 'maxDeliveries' | 'maxCrashes'>,
): GiveUpReason | undefined {
  const { unacknowledged: deliveries, crashes } = queued;
  if (crashes >= maxCrashes) return { kind: 'crashed', crashes };
  if (deliveries < maxDeliveries) return undefined;
  return notSent === undefined
    ? { kind: 'notAcknowledged', deliveries, ...(said !== undefined && { said }) }
    : { kind: 'notSent', text: notSent, deliveries };
}
