import { join } from 'node:path';
import type { DeadLetter } from '../../admin-api';
import { DIRECTORY_MODE, type DiskFiles, FILE_MODE, makeDirectory } from '../../basics';
import { factsInId, isObjectId } from '../object-id';
import { OBJECT_SUFFIX } from '../object-names';
import { LETTERS, MAX_LETTERS, type LocalDeadLetters, type LetterPage } from '../dead-letters';

const NOTE_SUFFIX = '.json';
/** Of the notes that are written here. Those of the first versions have none. */
const NOTE_VERSION = 1;
/** A note is far shorter; what is longer is none of ours. */
const MAX_NOTE_BYTES = 65_536;
/** Notes that are read at the same time: the queue's own files need the system's threads, too. */
const READ_AT_ONCE = 16;

/**
 * Dead letters as files: the object as it was, and a JSON note beside it that says why it is here. There may be many, and
 * senders wait for the thread that lists them: their names are read in pieces, and notes one page at a time.
 */
export class DeadLetterFolder implements LocalDeadLetters {
  /** @param readmit takes a file back into the queue */
  constructor(
    private readonly directory: string,
    private readonly files: DiskFiles,
    private readonly readmit: (file: string, id: string) => void,
  ) {}

  /**
   * The object counts, not its note, for which a full disk may have no room.
   * @param put puts the object at the path that it is given
   * @returns why the note could not be written. Undefined: it was
   * @throws what `put` throws; then nothing is here
   */
  add(letter: DeadLetter, put: (path: string) => void): Error | undefined {
    makeDirectory(this.directory, this.files, DIRECTORY_MODE);
    const failure = this.writeNote(letter);
    try {
      put(this.object(letter.id));
    } catch (error) {
      this.files.rmSync(this.note(letter.id), { force: true });
      throw error;
    }
    return failure;
  }

  private writeNote(letter: DeadLetter): Error | undefined {
    try {
      this.files.writeFileSync(
        this.note(letter.id),
        JSON.stringify({ version: NOTE_VERSION, ...letter }, null, 2),
        { mode: FILE_MODE },
      );
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  async list({ after = '', limit = LETTERS }: LetterPage = {}): Promise<DeadLetter[]> {
    const most = Math.min(Math.max(limit, 1), MAX_LETTERS);
    const ids = new Smallest(most);
    for await (const id of this.ids()) if (id > after) ids.add(id);
    const letters: DeadLetter[] = [];
    const page = ids.take();
    for (let at = 0; at < page.length; at += READ_AT_ONCE)
      letters.push(...(await Promise.all(page.slice(at, at + READ_AT_ONCE).map((id) => this.read(id)))));
    return letters;
  }

  async count(): Promise<number> {
    const ids = this.ids();
    let count = 0;
    while ((await ids.next()).done !== true) count += 1;
    return count;
  }

  has(id: string): boolean {
    return isObjectId(id) && this.files.statSync(this.object(id), { throwIfNoEntry: false }) !== undefined;
  }

  /** Removes letters of these ids, without a word. @throws the system's error */
  async removeThose(isOne: (id: string) => boolean): Promise<void> {
    for await (const id of this.ids()) {
      if (!isOne(id)) continue;
      this.files.rmSync(this.object(id), { force: true });
      this.files.rmSync(this.note(id), { force: true });
    }
  }

  requeue(id: string): boolean {
    return this.withObject(id, (file) => this.readmit(file, id));
  }

  discard(id: string): boolean {
    return this.withObject(id, (file) => this.files.rmSync(file));
  }

  /** In no order, and none where there is no folder. */
  private async *ids(): AsyncGenerator<string> {
    try {
      for await (const name of this.files.namesIn(this.directory)) {
        const id = name.endsWith(OBJECT_SUFFIX) ? name.slice(0, -OBJECT_SUFFIX.length) : '';
        if (isObjectId(id)) yield id;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  private withObject(id: string, act: (file: string) => void): boolean {
    // The id comes from an admin request: it must not become a path.
    if (!isObjectId(id)) return false;
    this.refuseNewer(id);
    try {
      act(this.object(id));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    this.files.rmSync(this.note(id), { force: true });
    return true;
  }

  /** What a later version has set aside is left to it: nobody knows what else it has noted. */
  private refuseNewer(id: string): void {
    let text: string;
    try {
      if ((this.files.statSync(this.note(id), { throwIfNoEntry: false })?.size ?? 0) > MAX_NOTE_BYTES) return;
      text = this.files.readFileSync(this.note(id), 'utf8');
    } catch (error) {
      // A note that cannot be read keeps nobody from doing something with the object.
      if (error instanceof Error) return;
      throw error;
    }
    if (isNewer(parseNote(text).version)) throw new Error(NEWER_NOTE);
  }

  /**
   * The object counts, not its note: a note that is missing or damaged must not hide it, and one of an earlier version says
   * less.
   */
  private async read(id: string): Promise<DeadLetter> {
    const { size } = factsInId(id);
    const known = { at: '', why: '', deliveries: 0, ...(size !== undefined && { size }) };
    try {
      const text = await this.files.readText(this.note(id), MAX_NOTE_BYTES);
      const { version, ...letter } = JSON.parse(text) as VersionedNote;
      return { ...known, ...letter, id, ...(isNewer(version) && { why: `${letter.why} (${NEWER_NOTE})` }) };
    } catch (error) {
      return { ...known, id, why: `its note cannot be read: ${(error as Error).message}` };
    }
  }

  private object(id: string): string {
    return join(this.directory, id + OBJECT_SUFFIX);
  }

  private note(id: string): string {
    return join(this.directory, id + NOTE_SUFFIX);
  }
}

type VersionedNote = DeadLetter & { version?: number };

const NEWER_NOTE = 'set aside by a later version of this package, which alone can requeue or discard it';

/** {} for what is no note. */
function parseNote(text: string): Pick<VersionedNote, 'version'> {
  try {
    return (JSON.parse(text) ?? {}) as VersionedNote;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isNewer(version: number | undefined): boolean {
  return version !== undefined && version > NOTE_VERSION;
}

/** The smallest of many texts, without keeping them all. */
class Smallest {
  private texts: string[] = [];
  private largest: string | undefined;

  constructor(private readonly most: number) {}

  add(text: string): void {
    if (this.largest !== undefined && text > this.largest) return;
    this.texts.push(text);
    if (this.texts.length >= 2 * this.most) this.cut();
  }

  take(): string[] {
    this.cut();
    return this.texts;
  }

  private cut(): void {
    this.texts = this.texts.sort().slice(0, this.most);
    if (this.texts.length === this.most) this.largest = this.texts.at(-1);
  }
}
