import { basename, dirname, join, relative } from 'node:path';
import { DirectorySync, linkWithoutReplacing, makeDirectory, removeIfThere } from '../../basics';
import { attemptsText, NO_ATTEMPTS, parseAttempts, type Attempts } from '../attempts';
import { isObjectId } from '../object-id';
import type { FileState, FileStore, FolderObject, FoundFile } from './file-store';
import { factsOf, isMissing, isSameFile, type FactsRule, type FolderFiles } from './folder-files';
import { copying, moveNow, moving, removeEmpty } from './move-file';

/** What becomes of files that the flow is done with. Undefined: they are deleted. */
export interface PutAway {
  moveTo: string | undefined;
}

/** Behind the id, while the file is being copied. */
const PART = '.part';
/** Levels that a claim is looked through; deeper ones no scan has. */
const MOST_LEVELS = 64;

/**
 * Files that were taken out of a folder by a rename, and wait below it, each in a directory of its own that says the rest:
 * `<id>~<attempts>.<state>/<path as it was>`.
 */
export class ClaimFolder implements FileStore {
  /** Files that are being copied: ids. */
  private readonly copying = new Set<string>();
  /** Names of those directories, by id. */
  private readonly names = new Map<string, string>();
  private readonly directorySync: DirectorySync;

  /**
   * @param folder whose files are taken
   * @param directory where they wait; it is made when the first one comes
   */
  constructor(
    private readonly folder: string,
    private readonly directory: string,
    private readonly after: PutAway,
    private readonly rule: FactsRule,
    private readonly files: FolderFiles,
  ) {
    this.directorySync = new DirectorySync(directory, files);
  }

  found(isKnown: (id: string) => boolean): FoundFile[] {
    const found: FoundFile[] = [];
    for (const name of this.claimNames()) {
      const claim = parseName(name);
      if (name.endsWith(PART)) this.removePart(name);
      if (claim === undefined || this.names.has(claim.id) || isKnown(claim.id)) continue;
      const top = join(this.directory, name);
      // Whoever may write here may have made a link of that name.
      if (!this.files.lstatSync(top).isDirectory()) continue;
      const path = this.onlyFile(top);
      if (path === undefined) {
        // A run ended before the file came, or after it went.
        removeEmpty(top, top, this.files);
        continue;
      }
      this.names.set(claim.id, name);
      const rel = relative(top, path);
      const facts = factsOf(this.files.lstatSync(path), this.rule);
      const object = { ...claim, rel, facts };
      this.removeOriginal(object);
      found.push(object);
    }
    return found;
  }

  /** A run ended while a file was copied, which is where it was. */
  private removePart(name: string): void {
    if (this.copying.has(name.slice(0, -PART.length))) return;
    const top = join(this.directory, name);
    if (!this.files.lstatSync(top).isDirectory()) return;
    const path = this.onlyFile(top);
    if (path !== undefined) removeIfThere(path, this.files);
    removeEmpty(path === undefined ? top : dirname(path), top, this.files);
  }

  private claimNames(): string[] {
    try {
      return this.files.readdirSync(this.directory);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** A run ended between the second name, or the copy to another file system, and the deletion of the first. */
  private removeOriginal({ id, rel, facts }: FoundFile): void {
    const original = join(this.folder, rel);
    const stats = this.files.lstatSync(original, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile()) return;
    const { dev, ino } = this.files.lstatSync(this.pathOf(id, rel));
    const isCopied =
      stats.dev !== dev &&
      stats.size === facts.size &&
      Math.trunc(stats.mtimeMs) === Math.trunc(facts.mtimeMs);
    if (isCopied || (stats.dev === dev && stats.ino === ino && ino !== 0))
      removeIfThere(original, this.files);
  }

  private onlyFile(directory: string, level = 0): string | undefined {
    for (const name of this.files.readdirSync(directory)) {
      // Nobody takes such files; NFS makes them of files that are open and have been deleted.
      if (name.startsWith('.')) continue;
      const path = join(directory, name);
      const stats = this.files.lstatSync(path);
      if (stats.isFile()) return path;
      if (!stats.isDirectory() || level >= MOST_LEVELS) continue;
      const found = this.onlyFile(path, level + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *take(object: FolderObject): Generator<void, boolean> {
    const { id, rel } = object;
    const from = join(this.folder, rel);
    const to = join(this.directory, id, rel);
    makeDirectory(dirname(to), this.files);
    this.directorySync.changed();
    try {
      try {
        this.files.renameSync(from, to);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
        yield* this.takeCopy(from, object);
      }
    } catch (error) {
      removeEmpty(dirname(to), join(this.directory, id), this.files);
      if (isMissing(error)) return false;
      throw error;
    }
    this.names.set(id, id);
    const facts = factsOf(this.files.lstatSync(to), this.rule);
    // Another file has taken its name, or somebody is still writing to it.
    if (isSameFile(facts, object.facts)) return true;
    if (!this.giveBack(object)) {
      // It is found again.
      this.setState(object, 'changed');
      this.names.delete(id);
    }
    return false;
  }

  /** Of a file that was mounted into the folder. The copy has numbers of its own. */
  private *takeCopy(from: string, object: FolderObject): Generator<void, void> {
    const { id, rel } = object;
    const part = join(this.directory, id + PART);
    const temporary = join(part, rel);
    this.copying.add(id);
    try {
      makeDirectory(dirname(temporary), this.files);
      yield* copying(from, temporary, this.files);
      const now = factsOf(this.files.lstatSync(from), this.rule);
      if (!isSameFile(now, object.facts)) throw changedMeanwhile(from);
      removeEmpty(dirname(join(this.directory, id, rel)), join(this.directory, id), this.files);
      this.files.renameSync(part, join(this.directory, id));
    } catch (error) {
      removeIfThere(temporary, this.files);
      removeEmpty(dirname(temporary), part, this.files);
      throw error;
    } finally {
      this.copying.delete(id);
    }
    removeIfThere(from, this.files);
    object.facts = factsOf(this.files.lstatSync(this.pathOf(id, rel)), this.rule);
  }

  path({ id, rel }: FolderObject): string {
    return this.pathOf(id, rel);
  }

  private pathOf(id: string, rel: string): string {
    return join(this.top(id), rel);
  }

  private top(id: string): string {
    return join(this.directory, this.names.get(id) ?? id);
  }

  setAttempts({ id }: FolderObject, attempts: Attempts): void {
    this.rename(id, attempts, parseName(this.names.get(id) ?? id)?.state ?? 'live');
  }

  setState({ id }: FolderObject, state: FileState): void {
    this.rename(id, parseName(this.names.get(id) ?? id)?.attempts ?? NO_ATTEMPTS, state);
  }

  private rename(id: string, attempts: Attempts, state: FileState): void {
    const name = nameOf(id, attempts, state);
    if (name === this.names.get(id)) return;
    this.directorySync.changed();
    this.files.renameSync(this.top(id), join(this.directory, name));
    this.names.set(id, name);
  }

  giveBack(object: FolderObject): boolean {
    this.checkPlace(object);
    const to = join(this.folder, object.rel);
    // Its directory may be gone: then it stays here, and is found at the next start.
    if (this.files.statSync(dirname(to), { throwIfNoEntry: false }) === undefined) return false;
    if (!linkWithoutReplacing(this.path(object), to, this.files)) return false;
    this.remove(object);
    return true;
  }

  *putAway(object: FolderObject): Generator<void, void> {
    const { moveTo } = this.after;
    try {
      this.checkPlace(object);
      if (moveTo !== undefined) yield* moving(this.path(object), moveTo, object.rel, this.files);
    } catch (error) {
      // Somebody has been quicker.
      if (!isMissing(error) || this.isThere(object)) throw error;
    }
    this.remove(object);
  }

  /**
   * The file is where it was put: no directory on the way has become a link.
   * @throws an Error where one has; the system's error
   */
  private checkPlace({ id, rel }: FolderObject): void {
    const below = relative(this.folder, this.pathOf(id, rel));
    const expected = dirname(join(this.files.realpathSync(this.folder), below));
    const found = this.files.realpathSync(dirname(this.pathOf(id, rel)));
    if (found !== expected) throw new Error(`${expected} leads to ${found}: somebody has put a link there`);
  }

  private isThere(object: FolderObject): boolean {
    return this.files.lstatSync(this.path(object), { throwIfNoEntry: false }) !== undefined;
  }

  moveTo(object: FolderObject, directory: string): string {
    this.checkPlace(object);
    const moved = moveNow(this.path(object), directory, basename(object.rel), this.files);
    this.remove(object);
    return basename(moved);
  }

  /** If it is still there. */
  private remove(object: FolderObject): void {
    const path = this.path(object);
    this.directorySync.changed();
    removeIfThere(path, this.files);
    removeEmpty(dirname(path), this.top(object.id), this.files);
    this.names.delete(object.id);
  }

  /** Takes over what another owner has left: the directory of a claim, as this object. False: somebody else has. */
  takeOver(from: string, object: { id: string; attempts: Attempts; state: FileState }): boolean {
    makeDirectory(this.directory, this.files);
    this.directorySync.changed();
    try {
      this.files.renameSync(from, join(this.directory, nameOf(object.id, object.attempts, object.state)));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Takes a file from elsewhere, such as a dead letter, as this object. @throws the system's error */
  admit(file: string, object: FolderObject): void {
    moveNow(file, join(this.directory, object.id, dirname(object.rel)), basename(object.rel), this.files);
    this.directorySync.changed();
    this.names.set(object.id, object.id);
    object.facts = factsOf(this.files.lstatSync(this.path(object)), this.rule);
  }

  /** It is another object now. */
  forget(id: string): void {
    this.names.delete(id);
  }

  safe(): Promise<void> {
    return this.directorySync.safe();
  }

  close(): void {
    this.names.clear();
  }
}

/** As if it were not there: it is looked at again. */
function changedMeanwhile(path: string): Error {
  return Object.assign(new Error(`${path} was changed while it was copied`), { code: 'ENOENT' });
}

function nameOf(id: string, attempts: Attempts, state: FileState): string {
  const text = attemptsText(attempts);
  return `${id}${text === '' ? '' : `~${text}`}${state === 'live' ? '' : `.${state}`}`;
}

/** What the name of a claim's directory says. Undefined: it is none. */
export function parseName(name: string): { id: string; attempts: Attempts; state: FileState } | undefined {
  const state = (['done', 'changed'] as const).find((each) => name.endsWith(`.${each}`)) ?? 'live';
  const rest = state === 'live' ? name : name.slice(0, -state.length - 1);
  const [id = '', text, ...others] = rest.split('~');
  const attempts = text === undefined ? NO_ATTEMPTS : parseAttempts(text);
  if (!isObjectId(id) || attempts === undefined || others.length > 0) return undefined;
  return { id, attempts, state };
}
