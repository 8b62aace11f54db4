import type { KeptDelivered } from './kept-delivered';
import { QueueRefusal, type ObjectContent, type ObjectFacts, type QueueWriter } from './object-queue';
import type { CompletedObject, ObjectPart, ObjectStorage } from './object-storage';

/** Refusals after which it is worth to make room. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'DISK_LOW', 'QUEUE_FULL']);

/**
 * Asks whether there is room for an object. What is only kept for a while makes some.
 * @throws QueueRefusal
 */
export function checkRoom(storage: Pick<ObjectStorage, 'checkRoom' | 'freeRoom'>, kept: KeptDelivered): void {
  try {
    storage.checkRoom();
  } catch (error) {
    const hadSome = kept.clear();
    if (!storage.freeRoom() && !hadSome) throw error;
    storage.checkRoom();
  }
}

/** What a queue hears of an object that is being written. */
interface WriterListener {
  /** Takes the object into the queue. */
  completed(object: CompletedObject, facts: ObjectFacts): void;
  /** It is not written any more. Told before `completed`, perhaps twice. */
  ended(): void;
}

/** Writes an object of a queue. Where there is no room for it, what is only kept for a while makes some. */
export class LocalWriter implements QueueWriter {
  constructor(
    private readonly part: ObjectPart,
    private readonly kept: KeptDelivered,
    private readonly told: WriterListener,
  ) {}

  append(bytes: Buffer): void {
    try {
      this.part.append(bytes);
    } catch (error) {
      // A disk may have taken a part of them: what is made room for is the next object.
      if (!isNoRoom(error) || !this.kept.clear() || !isFull(error)) throw error;
      this.part.append(bytes);
    }
  }

  content(): ObjectContent {
    return this.part.content();
  }

  async complete(facts: ObjectFacts = {}): Promise<string> {
    let object: CompletedObject;
    try {
      object = await this.part.complete();
    } catch (error) {
      // For the next one.
      if (isNoRoom(error)) this.kept.clear();
      throw error;
    } finally {
      this.told.ended();
    }
    this.told.completed(object, facts);
    return object.id;
  }

  discard(): void {
    this.told.ended();
    this.part.discard();
  }
}

function isNoRoom(error: unknown): boolean {
  return error instanceof QueueRefusal && NO_ROOM.has(error.code);
}

/** Refused before anything was done. */
function isFull(error: unknown): boolean {
  return error instanceof QueueRefusal && error.code === 'QUEUE_FULL';
}
