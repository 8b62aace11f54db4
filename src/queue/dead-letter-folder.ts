import { join } from 'node:path';
import { isObjectId } from './object-id';
import { OBJECT_SUFFIX } from './object-names';
import type { DeadLetter, DeadLetters } from './object-queue';
import { DIRECTORY_MODE, FILE_MODE, type QueueFiles } from './queue-files';

const NOTE_SUFFIX = '.json';

/** Dead letters as files: the object as it was, and a JSON note beside it that says why it is here. */
export class DeadLetterFolder implements DeadLetters {
  /** @param readmit takes a file back into the queue */
  constructor(
    private readonly directory: string,
    private readonly files: QueueFiles,
    private readonly readmit: (file: string, id: string) => void,
  ) {}

  /** @param put puts the object at the path that it is given */
  add(letter: DeadLetter, put: (path: string) => void): void {
    this.files.mkdirSync(this.directory, { recursive: true, mode: DIRECTORY_MODE });
    this.files.writeFileSync(this.note(letter.id), JSON.stringify(letter, null, 2), { mode: FILE_MODE });
    put(this.object(letter.id));
  }

  async list(): Promise<DeadLetter[]> {
    let names: string[];
    try {
      names = await this.files.readDirectory(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return names
      .filter((name) => name.endsWith(OBJECT_SUFFIX) && isObjectId(name.slice(0, -OBJECT_SUFFIX.length)))
      .sort()
      .map((name) => this.read(name.slice(0, -OBJECT_SUFFIX.length)));
  }

  requeue(id: string): boolean {
    return this.withObject(id, (file) => this.readmit(file, id));
  }

  discard(id: string): boolean {
    return this.withObject(id, (file) => this.files.rmSync(file));
  }

  private withObject(id: string, act: (file: string) => void): boolean {
    // The id comes from an admin request: it must not become a path.
    if (!isObjectId(id)) return false;
    try {
      act(this.object(id));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    this.files.rmSync(this.note(id), { force: true });
    return true;
  }

  /** The object counts, not its note: a note that is missing or damaged must not hide it. */
  private read(id: string): DeadLetter {
    try {
      return { ...(JSON.parse(this.files.readFileSync(this.note(id), 'utf8')) as DeadLetter), id };
    } catch (error) {
      return { id, at: '', why: `its note cannot be read: ${(error as Error).message}`, deliveries: 0 };
    }
  }

  private object(id: string): string {
    return join(this.directory, id + OBJECT_SUFFIX);
  }

  private note(id: string): string {
    return join(this.directory, id + NOTE_SUFFIX);
  }
}
