import { basename, join, sep } from 'node:path';
import { asciiJson, FILE_MODE, syncDirectoryNow, writeAll, writeFile } from '../../basics';
import { attemptsText, NO_ATTEMPTS, parseAttempts, type Attempts } from '../attempts';
import { isObjectId } from '../object-id';
import type { FileState, FileStore, FolderObject, FoundFile } from './file-store';
import type { FactsRule, FolderFiles } from './folder-files';
import { copyNow } from './move-file';

const INDEX = 'files.index';
const INDEX_VERSION = 1;
/** Files that are known, 10^5 of which take 50 MB of memory. One more has to wait until others are gone from the folder. */
const MOST_FILES = 200_000;
/** Lines beside those that count with which the index is written anew. */
const SPARE_LINES = 10_000;

/** Known of a path: the object that its file is, or was. */
interface Known extends FolderObject {
  state: FileState;
  /** The scan that has found it last. */
  scan?: number;
}

/** A line of the index: later ones of an id add to it or replace what it said. */
interface Line {
  id: string;
  /** The path, with `/`; with what comes next. */
  p?: string;
  s?: number;
  m?: number;
  i?: number;
  b?: number;
  /** `attemptsText` */
  a?: string;
  /** The flow is done with it. */
  d?: true;
  /** It was not delivered: as if it had not been taken. */
  x?: true;
}

/** The index was written by a later version of this package. */
class NewerIndex extends Error {
  override readonly name = 'NewerIndex';
  readonly code = 'QUEUE_VERSION';
}

/** Files that stay where they are. What has become of them is in an index on the disk of the node. */
export class FileIndex implements FileStore {
  private readonly byPath = new Map<string, Known>();
  /** Objects whose file may be another one by now. */
  private readonly byId = new Map<string, Known>();
  private fd: number | undefined;
  private lines = 0;
  /** The last line may be there in part. */
  private isTorn = false;
  private scan = 0;
  private isDirty = false;
  private syncing: Promise<unknown> = Promise.resolve();

  /**
   * @param folder whose files they are
   * @param directory of the node, which holds the index
   */
  constructor(
    private readonly folder: string,
    private readonly directory: string,
    private readonly rule: FactsRule,
    private readonly files: FolderFiles,
  ) {}

  /** @throws the system's error; one with the code `QUEUE_VERSION` */
  open(): void {
    if (this.fd !== undefined) return;
    this.read();
    this.rewrite();
  }

  /** Objects of earlier runs that the flow is not done with. */
  found(isKnown: (id: string) => boolean): FoundFile[] {
    return [...this.byId.values()].filter(({ id, state }) => state === 'live' && !isKnown(id));
  }

  /** The folder is looked through. */
  beginScan(): void {
    this.scan += 1;
  }

  /** What is known of the file at a path, which a scan has found. */
  at(rel: string): Known | undefined {
    const known = this.byPath.get(rel);
    if (known !== undefined) known.scan = this.scan;
    return known;
  }

  /** True where the index has no room for another file. */
  isFull(rel: string): boolean {
    return this.byPath.size >= MOST_FILES && !this.byPath.has(rel);
  }

  /** Forgets files that the scan, which is over, has not found, where there is no room. */
  makeRoom(): void {
    if (this.byPath.size < MOST_FILES) return;
    for (const [rel, { state, scan }] of this.byPath)
      if (state === 'done' && scan !== this.scan) this.byPath.delete(rel);
    this.rewrite();
  }

  // eslint-disable-next-line require-yield -- nothing is moved
  *take(object: FolderObject): Generator<void, boolean> {
    const { id, rel } = object;
    const known: Known = { ...object, state: 'live' };
    this.append(lineOf(known));
    this.byPath.set(rel, known);
    this.byId.set(id, known);
    return true;
  }

  path({ rel }: FolderObject): string {
    return join(this.folder, rel);
  }

  setAttempts({ id }: FolderObject, attempts: Attempts): void {
    const known = this.byId.get(id);
    if (known === undefined) return;
    known.attempts = attempts;
    this.append({ id, a: attemptsText(attempts) });
  }

  /** One that was changed is found by its facts. */
  setState(object: FolderObject, state: FileState): void {
    if (state === 'live') this.revive(object);
    else {
      const known = this.byId.get(object.id);
      if (known === undefined) return;
      known.state = state;
      this.byId.delete(object.id);
      this.append({ id: object.id, d: true });
    }
  }

  /** The file may be another one by now: then that one stays known. */
  private revive(object: FolderObject): void {
    const there = this.byPath.get(object.rel);
    const known = there?.id === object.id ? there : { ...object, state: 'live' as const };
    known.state = 'live';
    this.byId.set(object.id, known);
    this.append(lineOf(known));
    if (there === undefined) this.byPath.set(object.rel, known);
    else if (there !== known) this.append(lineOf(there));
  }

  giveBack({ id, rel }: FolderObject): boolean {
    this.append({ id, x: true });
    if (this.byPath.get(rel)?.id === id) this.byPath.delete(rel);
    this.byId.delete(id);
    return true;
  }

  // eslint-disable-next-line require-yield -- it stays
  *putAway(): Generator<void, void> {
    return;
  }

  /** The file stays where it is: what is moved is a copy. */
  moveTo(object: FolderObject, directory: string): string {
    const copied = copyNow(this.path(object), directory, basename(object.rel), this.files);
    this.setState(object, 'done');
    return basename(copied);
  }

  /** One after the other: so files are the queue's in the order in which they were taken, and one sync serves all that wait for it. */
  safe(): Promise<void> {
    const safe = this.syncing.then(() => this.syncNow());
    this.syncing = safe.catch(() => undefined);
    return safe;
  }

  private async syncNow(): Promise<void> {
    if (this.fd === undefined || !this.isDirty) return;
    this.isDirty = false;
    try {
      await this.files.syncData(this.fd);
    } catch (error) {
      this.isDirty = true;
      throw error;
    }
  }

  close(): void {
    if (this.fd !== undefined) this.files.closeSync(this.fd);
    this.fd = undefined;
    this.byPath.clear();
    this.byId.clear();
  }

  private get indexPath(): string {
    return join(this.directory, INDEX);
  }

  private read(): void {
    if (this.files.statSync(this.indexPath, { throwIfNoEntry: false }) === undefined) return;
    const [head = '', ...lines] = this.files.readFileSync(this.indexPath, 'utf8').split('\n');
    const { version = INDEX_VERSION } = parse<{ version?: number }>(head) ?? {};
    if (version > INDEX_VERSION)
      throw new NewerIndex(`${this.indexPath} was written by a later version of this package`);
    const all = new Map<string, Known>();
    for (const text of lines) {
      // The last one may be half: the process ended while it was written, and nobody relies on it.
      const line = parse<Line>(text);
      if (line !== undefined && isObjectId(line.id ?? '')) this.apply(line, all);
    }
  }

  private apply({ id, p, s = 0, m = 0, i = 0, b, a, d, x }: Line, all: Map<string, Known>): void {
    const attempts = a === undefined ? undefined : parseAttempts(a);
    if (p !== undefined) {
      const { hasInodes } = this.rule;
      const facts = { size: s, mtimeMs: m, ino: hasInodes ? i : 0, ...(b !== undefined && { birthMs: b }) };
      const known: Known = { id, rel: asPath(p), facts, attempts: NO_ATTEMPTS, state: 'live' };
      all.set(id, known);
      this.byId.set(id, known);
      this.byPath.set(known.rel, known);
    }
    const known = all.get(id);
    if (known === undefined) return;
    if (attempts !== undefined) known.attempts = attempts;
    if (d === true) known.state = 'done';
    if (d === true || x === true) this.byId.delete(id);
    if (x === true && this.byPath.get(known.rel) === known) this.byPath.delete(known.rel);
  }

  /** Only what counts; in place of the old one when it is on the disk. */
  private rewrite(): void {
    const all = new Set([...this.byPath.values(), ...this.byId.values()]);
    const lines = [...all].map((known) => asciiJson(lineOf(known)));
    const text = [JSON.stringify({ version: INDEX_VERSION }), ...lines, ''].join('\n');
    const next = `${this.indexPath}.new`;
    writeFile(next, Buffer.from(text), true, this.files);
    if (this.fd !== undefined) this.files.closeSync(this.fd);
    this.fd = undefined;
    this.files.renameSync(next, this.indexPath);
    syncDirectoryNow(this.directory, this.files);
    this.fd = this.files.openSync(this.indexPath, 'a', FILE_MODE);
    this.lines = 0;
    this.isTorn = false;
  }

  /** @throws the system's error */
  private append(line: Line): void {
    if (this.fd === undefined) throw new Error('the index of the folder is not open');
    if (this.lines > SPARE_LINES + this.byPath.size) this.rewrite();
    this.lines += 1;
    this.isDirty = true;
    // What follows a part of a line, as on a full disk, must not be taken for its end.
    const text = `${this.isTorn ? '\n' : ''}${asciiJson(line)}\n`;
    this.isTorn = true;
    writeAll(this.files, this.fd, Buffer.from(text));
    this.isTorn = false;
  }
}

function lineOf({ id, rel, facts, attempts, state }: Known): Line {
  return {
    id,
    p: asLine(rel),
    s: facts.size,
    m: facts.mtimeMs,
    i: facts.ino,
    ...(facts.birthMs !== undefined && { b: facts.birthMs }),
    ...attemptsIn({ attempts }),
    ...(state === 'live' ? {} : { d: true }),
  };
}

function attemptsIn({ attempts }: Pick<FolderObject, 'attempts'>): Pick<Line, 'a'> {
  const a = attemptsText(attempts);
  return a === '' ? {} : { a };
}

const asLine = (rel: string): string => rel.split(sep).join('/');
const asPath = (line: string): string => line.split('/').join(sep);

/** Undefined: it is none. */
function parse<Value extends object>(text: string): Value | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Value) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
