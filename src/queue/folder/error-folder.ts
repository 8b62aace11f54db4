import { basename, join } from 'node:path';
import type { DeadLetter } from '../../admin-api';
import { DIRECTORY_MODE, FILE_MODE, makeDirectory, removeIfThere } from '../../basics';
import { LETTERS, MAX_LETTERS, type LocalDeadLetters, type LetterPage } from '../dead-letters';
import { isObjectId, sizeInId } from '../object-id';
import { isMissing, type FolderFiles } from './folder-files';

/** A reason file: `<name of the file>.<node>.<id>.reason.json`. */
const REASON_SUFFIX = '.reason.json';
/** A name has 255 bytes at most; what comes behind it takes some. */
const MOST_NAME_BYTES = 120;
const REASON_VERSION = 1;
/** A reason file is far shorter; what is longer is none of ours. */
const MAX_REASON_BYTES = 65_536;

/** A reason file, with the file that it is about. */
interface Reason {
  file: string;
  name: string;
}

/**
 * Dead letters of a watched folder: each is the file under its own name, and beside it a file that says why it is here. Other
 * nodes may have the same directory, and people look at it and take files away.
 */
export class ErrorFolder implements LocalDeadLetters {
  private readonly reasons = new Map<string, Reason>();
  private readonly mark: string;

  /**
   * @param node a short name that tells our letters from those of other nodes
   * @param readmit takes a file back into the queue, as that of this path below the folder
   */
  constructor(
    private readonly directory: string,
    node: string,
    private readonly files: FolderFiles,
    private readonly readmit: (file: string, letter: { id: string; path: string }) => void,
  ) {
    this.mark = `.${node}.`;
  }

  /**
   * @param put puts the file into the directory, and returns its name
   * @param path of the file below the folder
   * @returns why the reason could not be written. Undefined: it was
   * @throws what `put` throws; then nothing is here
   */
  add(letter: DeadLetter, path: string, put: (directory: string) => string): Error | undefined {
    makeDirectory(this.directory, this.files, DIRECTORY_MODE);
    const file = put(this.directory);
    const name = `${shortened(file)}${this.mark}${letter.id}${REASON_SUFFIX}`;
    const reason = { version: REASON_VERSION, file, path, ...letter };
    try {
      const text = JSON.stringify(reason, null, 2);
      this.files.writeFileSync(join(this.directory, name), text, { mode: FILE_MODE });
    } catch (error) {
      return error as Error;
    }
    this.reasons.set(letter.id, { file, name });
    return undefined;
  }

  async list({ after = '', limit = LETTERS }: LetterPage = {}): Promise<DeadLetter[]> {
    await this.look();
    const most = Math.min(Math.max(limit, 1), MAX_LETTERS);
    const ids = [...this.reasons.keys()].filter((id) => id > after).sort();
    return ids.slice(0, most).map((id) => this.read(id));
  }

  async count(): Promise<number> {
    await this.look();
    return this.reasons.size;
  }

  has(id: string): boolean {
    const reason = this.reasons.get(id);
    return reason !== undefined && this.isThere(reason.file);
  }

  requeue(id: string): boolean {
    return this.withFile(id, (file) => this.readmit(file, { id, path: this.pathOf(id) ?? basename(file) }));
  }

  discard(id: string): boolean {
    return this.withFile(id, (file) => this.files.unlinkSync(file));
  }

  /** Finds out what is there now. */
  async look(): Promise<void> {
    const found = new Map<string, Reason>();
    try {
      for await (const name of this.files.namesIn(this.directory)) {
        const id = this.idIn(name);
        if (id === undefined) continue;
        const file = this.reasons.get(id)?.file ?? parsed(this.text(name)).file;
        // It becomes a path: whoever may write here must not lead us elsewhere.
        if (typeof file === 'string' && file === basename(file) && this.isThere(file))
          found.set(id, { file, name });
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.reasons.clear();
    for (const [id, reason] of found) this.reasons.set(id, reason);
  }

  private idIn(name: string): string | undefined {
    if (!name.endsWith(REASON_SUFFIX)) return undefined;
    const at = name.lastIndexOf(this.mark);
    const id = at < 0 ? '' : name.slice(at + this.mark.length, -REASON_SUFFIX.length);
    return isObjectId(id) ? id : undefined;
  }

  private isThere(file: string): boolean {
    return this.files.lstatSync(join(this.directory, file), { throwIfNoEntry: false })?.isFile() ?? false;
  }

  private withFile(id: string, act: (file: string) => void): boolean {
    const reason = this.reasons.get(id);
    if (reason === undefined || !this.isThere(reason.file)) return false;
    act(join(this.directory, reason.file));
    removeIfThere(join(this.directory, reason.name), this.files);
    this.reasons.delete(id);
    return true;
  }

  private read(id: string): DeadLetter {
    const size = sizeInId(id);
    const known = { at: '', why: '', deliveries: 0, ...(size !== undefined && { size }) };
    const letter = parsed(this.text(this.reasons.get(id)?.name ?? '')) as Partial<DeadLetter>;
    return { ...known, ...letter, id };
  }

  /** Where it was in the folder; undefined: its reason does not say so any more. */
  private pathOf(id: string): string | undefined {
    const { path } = parsed(this.text(this.reasons.get(id)?.name ?? ''));
    const isBelow =
      typeof path === 'string' && !path.split(/[\\/]/).some((part) => part === '' || /^\.+$/.test(part));
    return isBelow ? path : undefined;
  }

  /** '' where it cannot be read: the object counts, not its reason. */
  private text(name: string): string {
    const path = join(this.directory, name);
    const stats = this.files.lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_REASON_BYTES) return '';
    try {
      return this.files.readFileSync(path, 'utf8');
    } catch (error) {
      if (error instanceof Error) return '';
      throw error;
    }
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function shortened(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > MOST_NAME_BYTES) short = short.slice(0, -8);
  return short;
}
