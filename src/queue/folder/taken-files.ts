import type { Stats } from 'node:fs';
import { sizeInId } from '../object-id';
import { ObjectDamaged } from '../object-damaged';
import type { FileStore, FolderObject } from './file-store';
import { factsOf, isSameFile, type FactsRule, type FileFacts, type FolderFiles } from './folder-files';

/** The files that a queue has taken from a folder: which there are, where each lies, and whether it is as it was. */
export class TakenFiles {
  /** The flow is to get them, or is at work on them. */
  readonly live = new Map<string, FolderObject>();
  /** The flow is done with them; they can still be opened. */
  readonly kept = new Map<string, FolderObject>();
  /** They were written to after they had been taken: they are to be looked at again. */
  readonly changed = new Map<string, FolderObject>();
  /** Where those lie that do not lie in `main`. */
  private readonly elsewhere = new Map<string, FileStore>();

  constructor(
    private readonly folder: string,
    readonly main: FileStore,
    private readonly rule: FactsRule,
    private readonly files: FolderFiles,
  ) {}

  isKnown(id: string): boolean {
    return this.live.has(id) || this.kept.has(id) || this.changed.has(id);
  }

  at(id: string): FolderObject | undefined {
    return this.live.get(id) ?? this.kept.get(id);
  }

  /** @throws ObjectDamaged: there is none */
  get(id: string): FolderObject {
    const object = this.at(id);
    if (object === undefined) throw new ObjectDamaged(`there is no file of the object ${id}`);
    return object;
  }

  /**
   * Takes note of what a store has that is not known yet.
   * @param isIndex it finds out itself what was changed
   * @returns what the flow is to get, and what it was done with before
   */
  find(store: FileStore, isIndex: boolean): { live: FolderObject[]; done: FolderObject[] } {
    const found = { live: [] as FolderObject[], done: [] as FolderObject[] };
    for (const object of store.found((id) => this.isKnown(id))) {
      this.liesIn(store, object.id);
      // It was written to after it had been taken, and while nobody looked.
      const isOther = sizeInId(object.id) !== object.facts.size && !isIndex;
      if (object.state === 'done') found.done.push(object);
      else if (object.state === 'changed' || isOther) this.changed.set(object.id, object);
      else {
        this.live.set(object.id, object);
        found.live.push(object);
      }
    }
    return found;
  }

  liesIn(store: FileStore, id: string): void {
    if (store !== this.main) this.elsewhere.set(id, store);
  }

  isElsewhere(id: string): boolean {
    return this.elsewhere.has(id);
  }

  store({ id }: FolderObject): FileStore {
    return this.elsewhere.get(id) ?? this.main;
  }

  path(object: FolderObject): string {
    return this.store(object).path(object);
  }

  /** Undefined: there is no such file. @throws the system's error */
  stats(object: FolderObject): Stats | undefined {
    return this.files.lstatSync(this.path(object), { throwIfNoEntry: false });
  }

  /** By what a file is known again. */
  facts(stats: Stats): FileFacts {
    return factsOf(stats, this.rule);
  }

  /** It is what was taken. */
  isSame(object: FolderObject, stats: Stats): boolean {
    return isSameFile(this.facts(stats), object.facts);
  }

  isFolderThere(): boolean {
    return this.files.statSync(this.folder, { throwIfNoEntry: false }) !== undefined;
  }

  /** @throws the system's error: the folder is gone, perhaps with all that is in it, and perhaps for a moment */
  checkFolder(): void {
    this.files.statSync(this.folder);
  }

  clear(): void {
    for (const map of [this.live, this.kept, this.changed, this.elsewhere]) map.clear();
  }
}
