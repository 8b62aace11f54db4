import { createHash, randomBytes } from 'node:crypto';
import { dirname, join, resolve, sep } from 'node:path';
import {
  NotSyncable,
  checkSyncing,
  linkWithoutReplacing,
  numbered,
  once,
  removeIfThere,
  type OnWarning,
} from '../../basics';
import type { DicomInSettings } from '../../settings';
import { relativePath, templateKeywords } from './file-name';
import { copyObject, type OutputContent } from './object-copy';
import { realOutputFiles, type OutputFiles } from './output-files';
import { OutputFolders } from './output-folders';
import { compareWith, dataSetHash, type Likeness } from './same-object';

export type FileOutputSettings = Pick<
  DicomInSettings,
  'directory' | 'filenameTemplate' | 'collision' | 'queue'
>;

export interface FileOutputOptions {
  /** Tells this output's temporary files from those of all others, also after a restart. */
  owner?: string;
  /** Told once of what the directory's file system cannot do. */
  onWarning?: OnWarning;
  files?: OutputFiles;
}

/** The object could not be put where it belongs: it stays in the queue, and is tried again. */
export class NotPlaced extends Error {
  override readonly name = 'NotPlaced';
}

/** The first names of an object are numbers that people can read, up to this one; further ones are made from the object. */
const LAST_NUMBER = 20;
/** This many free names in a row mean that there is none behind them. */
const GAP = 2;
/** Of a name that is made from an object, or at random. */
const HASH_LENGTH = 16;
const RANDOM_NAMES = 5;
/** Few objects are in place while another step for them has failed. */
const MOST_UNFINISHED = 1_000;

/** Where an object is. */
export interface Placed {
  /** Absolute. */
  path: string;
  /** False: a file that was there is the same object. */
  isNew: boolean;
}

/**
 * Puts objects where the node's settings say. A file is never seen half-written: it is written under a temporary name, synced
 * where the queue is, and linked to its own name, which replaces nothing. Several outputs, also of other processes, may have
 * the same directory. The file has its own bytes: a flow may change it while the queue still has the object.
 */
export class FileOutput {
  /** Keywords that the file name needs. */
  readonly keywords: readonly string[];
  private readonly root: string;
  private readonly isSynced: boolean;
  private readonly files: OutputFiles;
  private readonly folders: OutputFolders;
  private readonly owner: string;
  private readonly onWarning: OnWarning;
  /** Paths of objects that are in place, while what comes after that is not done, such as making the name durable. */
  private readonly unfinished = new Map<string, string>();

  constructor(
    private readonly settings: FileOutputSettings,
    { owner = randomName(), onWarning = () => undefined, files = realOutputFiles }: FileOutputOptions = {},
  ) {
    this.keywords = templateKeywords(settings.filenameTemplate);
    this.root = resolve(settings.directory);
    this.isSynced = settings.queue === 'disk-synced';
    this.files = files;
    this.owner = owner;
    this.onWarning = once(onWarning);
    this.folders = new OutputFolders(this.root, this.isSynced, files, this.onWarning);
  }

  /**
   * Tries out whether what is put into the directory can be as safe as it is to be. A directory that cannot be reached now is
   * no verdict: objects wait for it.
   * @throws NotSyncable
   */
  check(): void {
    if (!this.isSynced) return;
    try {
      this.folders.make(this.root);
      checkSyncing(join(this.root, temporaryName(randomName())), this.files, this.onWarning);
    } catch (error) {
      if (error instanceof NotSyncable) throw error;
    }
  }

  /**
   * Returns the absolute path of the object's file.
   * @param mayBeThere the object may have been placed before, in an earlier delivery
   * @param id of the object, among those of this output
   * @throws NotPlaced
   */
  place(
    content: OutputContent,
    values: Record<string, string>,
    mayBeThere: boolean,
    id: string = randomName(),
  ): string {
    return this.put(content, values, mayBeThere, id).path;
  }

  /** As `place`. */
  put(
    content: OutputContent,
    values: Record<string, string>,
    mayBeThere: boolean,
    id: string = randomName(),
  ): Placed {
    try {
      const target = join(this.root, relativePath(this.settings.filenameTemplate, values));
      // The names are made safe one by one; this is for the day on which that is wrong.
      if (!target.startsWith(this.root + sep)) throw new Error('the path leaves the directory');
      this.folders.make(dirname(target));
      const placed = this.placeOnce(target, content, mayBeThere, id);
      this.folders.sync(placed.path);
      this.unfinished.delete(id);
      return placed;
    } catch (error) {
      throw new NotPlaced((error as Error).message, { cause: error });
    }
  }

  /** An object that an earlier attempt has put in place stays there, whatever it was that failed then. */
  private placeOnce(target: string, content: OutputContent, mayBeThere: boolean, id: string): Placed {
    const before = this.unfinished.get(id);
    if (before !== undefined && this.compare(before, content, 'bytes') === 'same')
      return { path: before, isNew: false };
    const likeness = this.likeness(mayBeThere);
    const furtherName = (): string =>
      this.settings.collision === 'skip-identical' ? shortened(dataSetHash(content)) : this.hashOf(id);
    const found = likeness && this.find(target, content, likeness, furtherName);
    if (found !== undefined) return { path: found, isNew: false };
    const temporary = this.copy(target, content, mayBeThere, id);
    try {
      const placed = this.name(temporary, target, content, likeness, furtherName);
      if (this.unfinished.size >= MOST_UNFINISHED) this.unfinished.clear();
      this.unfinished.set(id, placed.path);
      return placed;
    } finally {
      removeIfThere(temporary, this.files);
    }
  }

  /** Undefined: a file that is there is another object's, or is replaced. */
  private likeness(mayBeThere: boolean): Likeness | undefined {
    if (this.settings.collision === 'skip-identical') return 'dataSet';
    return mayBeThere ? 'bytes' : undefined;
  }

  /** The file that is the same object. */
  private find(
    target: string,
    content: OutputContent,
    likeness: Likeness,
    furtherName: () => string,
  ): string | undefined {
    const last = this.settings.collision === 'overwrite' ? 1 : LAST_NUMBER;
    let free = 0;
    for (let number = 1; number <= last; number += 1) {
      const path = nameOf(target, number);
      const found = this.compare(path, content, likeness);
      if (found === 'same') return path;
      free = found === 'nothing' ? free + 1 : 0;
      if (free === GAP) return undefined;
    }
    if (last === 1) return undefined;
    const path = nameOf(target, furtherName());
    return this.compare(path, content, likeness) === 'same' ? path : undefined;
  }

  private compare(path: string, content: OutputContent, likeness: Likeness): ReturnType<typeof compareWith> {
    return compareWith(path, content, likeness, this.files);
  }

  /** Gives the temporary file its name, the first one that is free; or returns that of a file that has just become the same. */
  private name(
    temporary: string,
    target: string,
    content: OutputContent,
    likeness: Likeness | undefined,
    furtherName: () => string,
  ): Placed {
    if (this.settings.collision === 'overwrite') {
      this.files.renameSync(temporary, target);
      return { path: target, isNew: true };
    }
    for (const name of names(furtherName)) {
      const path = nameOf(target, name);
      if (linkWithoutReplacing(temporary, path, this.files)) return { path, isNew: true };
      if (likeness !== undefined && this.compare(path, content, likeness) === 'same')
        return { path, isNew: false };
    }
    throw new Error('no name is free');
  }

  /** A temporary file with the object. What an attempt left that ended with the process is written anew. */
  private copy(target: string, content: OutputContent, mayBeThere: boolean, id: string): string {
    const folder = dirname(target);
    const path = join(folder, temporaryName(this.hashOf(id)));
    if (mayBeThere) removeIfThere(path, this.files);
    try {
      this.write(content, path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = join(folder, temporaryName(randomName()));
    this.write(content, other);
    return other;
  }

  private write(content: OutputContent, path: string): void {
    copyObject(content, path, this.isSynced, this.files, () =>
      this.onWarning({ kind: 'modeNotSet', values: { directory: this.root } }),
    );
  }

  /** A name that only this object of this output has. */
  private hashOf(id: string): string {
    return shortened(createHash('sha256').update(`${this.owner}\n${id}`).digest('hex'));
  }
}

const shortened = (hash: string): string => hash.slice(0, HASH_LENGTH);

function randomName(): string {
  return randomBytes(HASH_LENGTH / 2).toString('hex');
}

/** A name that no template makes: it begins with a dot. */
function temporaryName(name: string): string {
  return `.dicom-in-${name}.part`;
}

function nameOf(target: string, name: number | string): string {
  return name === 1 ? target : numbered(target, name);
}

/** Names in the order in which they are tried: however many objects have the same, few are looked at. */
function* names(furtherName: () => string): Generator<number | string> {
  for (let number = 1; number <= LAST_NUMBER; number += 1) yield number;
  yield furtherName();
  for (let tries = 0; tries < RANDOM_NAMES; tries += 1) yield randomName();
}
