import { type Fresh, FreshCopies, isSlow, type LocalCopies } from '../copies';
import type { ClaimedObject } from './claimed-object';

export interface CopyReaderListener {
  /** It is claimed still: its session may have ended meanwhile. */
  isHere(object: ClaimedObject): boolean;
  /** It is not claimed any more, if it has been removed, or is somebody else's, since it was. @throws the client's error */
  dropIfGone(object: ClaimedObject): Promise<void>;
  /** They may be given to somebody. */
  ready(objects: readonly ClaimedObject[]): void;
  /** They are to wait again, for they cannot be read now. @throws the client's error */
  unreadable(objects: readonly ClaimedObject[]): Promise<void>;
  failed(error: unknown): void;
  /** One that took long is ready, and others may be read. */
  hasRoom(): void;
}

/** Reads the bytes of objects that are claimed, unless they have just been received here. */
export class CopyReader {
  private readonly fresh = new FreshCopies();
  /** Those that are still being read; and by association, what resolves with whether the last of them is ready. */
  private readonly late = new Set<ClaimedObject>();
  private readonly reading = new Map<number, Promise<boolean>>();

  constructor(private readonly listener: CopyReaderListener) {}

  /** Those that take long to be read, and what comes behind them. */
  get lateCount(): number {
    return this.late.size;
  }

  /** One of this association takes long. */
  isLate(stream: number): boolean {
    return this.reading.has(stream);
  }

  /** It need not be read. */
  received(id: string, copy: Fresh): void {
    this.fresh.add(id, copy);
  }

  /** Resolves when those are ready that do not take long. @throws the client's error */
  async read(copies: LocalCopies, objects: readonly ClaimedObject[]): Promise<void> {
    const lateStreams = new Set(
      objects.filter((object) => this.isToBeLate(object)).map(({ row }) => row.stream),
    );
    const isLate = ({ row }: ClaimedObject): boolean => lateStreams.has(row.stream);
    for (const object of objects.filter(isLate)) this.readLate(copies, object);
    await this.readNow(
      copies,
      objects.filter((object) => !isLate(object)),
    );
  }

  /** It may take long to be read, or comes behind one that does. */
  private isToBeLate({ row }: ClaimedObject): boolean {
    return this.isLate(row.stream) || (isSlow(row) && !this.fresh.has(row.id));
  }

  private async readNow(copies: LocalCopies, objects: readonly ClaimedObject[]): Promise<void> {
    if (objects.length === 0) return;
    try {
      await this.copy(copies, objects);
    } catch (error) {
      await this.listener.unreadable(objects);
      throw error;
    }
    this.listener.ready(objects);
  }

  /** What takes long to read holds up what follows in its association, and nothing else. */
  private readLate(copies: LocalCopies, object: ClaimedObject): void {
    const { reading, late, listener } = this;
    const { stream } = object.row;
    const before = reading.get(stream) ?? Promise.resolve(true);
    const failed = (error: unknown): false => {
      listener.failed(error);
      return false;
    };
    const isRead = this.copy(copies, [object]).then(() => true, failed);
    const isReady = Promise.all([before, isRead]).then(async (both) => {
      late.delete(object);
      if (both.includes(false)) return listener.unreadable([object]).then(() => false, failed);
      listener.ready([object]);
      return true;
    });
    late.add(object);
    reading.set(stream, isReady);
    void isReady.then((isOne) => {
      if (reading.get(stream) === isReady) reading.delete(stream);
      if (isOne) listener.hasRoom();
    });
  }

  /** Gives objects their copies. @throws the client's error */
  async copy(copies: LocalCopies, objects: readonly ClaimedObject[]): Promise<void> {
    const missing: ClaimedObject[] = [];
    for (const object of objects) {
      const fresh = this.fresh.take(object.id);
      if (fresh === undefined) missing.push(object);
      else Object.assign(object, { copy: fresh.copy, note: fresh.note });
    }
    if (missing.length === 0) return;
    const found = await copies.fetch(missing.map(({ row }) => row));
    for (const object of missing) {
      const copy = found.get(object.row.seq);
      // No damage, where its bytes went with it.
      if (copy?.isDamaged === true) await this.listener.dropIfGone(object);
      if (this.listener.isHere(object)) object.copy = copy;
      else copy?.discard();
    }
  }

  /** None of them is claimed any more. */
  forget(): void {
    this.late.clear();
    this.reading.clear();
  }

  close(): void {
    this.forget();
    this.fresh.clear();
  }
}
