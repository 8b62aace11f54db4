import { leftoversTo } from '../../basics';
import { KeptDelivered, type KeepLimits } from '../kept-delivered';
import { sizeInId } from '../object-id';
import { FileFailed } from './directory';
import { Grouped } from './grouped';
import { Later } from './later';
import type { Link } from './link';
import type { ObjectCount } from './object-count';
import { numberIn, type ObjectRow } from './rows';

/** What nobody waits for is removed within this, together. */
const GATHER_MS = 50;

export interface RemovalsOptions {
  limits: KeepLimits;
  /** How many objects wait. */
  count: ObjectCount;
  /** Bytes of all objects. */
  bytes: ObjectCount;
  /** Undefined: there is no database. */
  link: () => Link | undefined;
  /** @throws QueueRefusal where there is no database */
  db: () => Link;
  failed: (error: unknown) => void;
  onLeftover: (error: Error) => void;
}

/** Takes objects out of the queue: at once, where somebody waits for it, and else when there is time. The row goes first, then its file. */
export class Removals {
  /** What the flow has got, and can still be opened. */
  readonly kept: KeptDelivered;
  private readonly grouped: Grouped<Pick<ObjectRow, 'seq' | 'id'>, boolean>;
  private readonly keeping: Later;
  private readonly removing: Later;
  private readonly files = new Set<Promise<void>>();

  constructor(private readonly options: RemovalsOptions) {
    const { limits, db, failed, onLeftover } = options;
    this.grouped = new Grouped((objects) => this.removeQueued(objects));
    this.keeping = new Later((seqs) => db().rows.keep(seqs, db().session.run), failed);
    this.removing = new Later((seqs) => db().rows.removeDelivered(seqs), failed, GATHER_MS);
    this.kept = new KeptDelivered(
      limits,
      {
        keep: (id) => this.keeping.add(numberIn(id)),
        remove: (id) => this.removeDelivered(id),
        discardKept: (id) => this.removeDelivered(id),
        restore: (id) => this.keeping.delete(numberIn(id)),
      },
      leftoversTo(onLeftover),
      () => undefined,
    );
  }

  /** False: it is not in the queue, or somebody holds it. @throws the client's error */
  remove(id: string): Promise<boolean> {
    return this.grouped.add({ seq: numberIn(id), id });
  }

  /** Which of these have been removed. */
  private async removeQueued(objects: readonly Pick<ObjectRow, 'seq' | 'id'>[]): Promise<boolean[]> {
    const { count, bytes, db } = this.options;
    const removed = await count.during(
      () => db().rows.removeQueued(objects),
      ({ size }) => -size,
    );
    for (const id of removed) bytes.changed(-(sizeInId(id) ?? 0));
    return objects.map(({ id }) => removed.has(id));
  }

  private removeDelivered(id: string): void {
    const seq = numberIn(id);
    this.keeping.delete(seq);
    this.removing.add(seq);
  }

  /** It is to be removed, and the database has not done so yet. */
  isLeaving(seq: number): boolean {
    return this.removing.has(seq);
  }

  /** What the flow has got, and the database still counts. */
  get pending(): number {
    return this.keeping.size + this.removing.size;
  }

  /** Their rows are no more. What cannot be removed now is found by the sweeper. */
  removeFiles(ids: readonly string[]): void {
    const files = this.options.link()?.directory;
    if (files === undefined) return;
    for (const id of ids) {
      const removal = files.remove(id, 'dcm').then(
        () => undefined,
        (error: unknown) => this.options.failed(new FileFailed('in the shared directory', error)),
      );
      this.files.add(removal);
      void removal.then(() => this.files.delete(removal));
    }
  }

  /** Resolves when what there is to remove is removed. @throws the client's error */
  async drain(): Promise<void> {
    await this.removing.drain();
    await Promise.all(this.files);
  }

  stop(): void {
    this.keeping.stop();
    this.removing.stop();
  }
}
