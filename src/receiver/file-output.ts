import * as fs from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { ByteSource } from '../dicom';
import type { ObjectContent } from '../queue';
import type { DicomInSettings } from '../settings';
import { contentSource } from './content-source';
import { numbered, relativePath, templateKeywords } from './file-name';

export type FileOutputSettings = Pick<
  DicomInSettings,
  'directory' | 'filenameTemplate' | 'collision' | 'queue'
>;

/** The object could not be put where it belongs: it stays in the queue, and is tried again. */
export class NotPlaced extends Error {
  override readonly name = 'NotPlaced';
}

/** More names than this for one object mean that something else is wrong. */
const MAX_NUMBER = 10_000;
const COMPARE_CHUNK = 65_536;

/**
 * Puts objects where the node's settings say. A file is never seen half-written: it is a hard link to the queue's file,
 * which costs no copy, or, on another disk, a copy under a temporary name that is synced and then renamed.
 */
export class FileOutput {
  /** Keywords that the file name needs. */
  readonly keywords: readonly string[];
  private readonly root: string;

  constructor(private readonly settings: FileOutputSettings) {
    this.keywords = templateKeywords(settings.filenameTemplate);
    this.root = resolve(settings.directory);
  }

  /**
   * Returns the absolute path of the object's file.
   * @param mayBeThere the object may have been placed before, in an earlier delivery
   * @throws NotPlaced
   */
  place(content: ObjectContent, values: Record<string, string>, mayBeThere: boolean): string {
    try {
      const target = join(this.root, relativePath(this.settings.filenameTemplate, values));
      // The names are made safe one by one; this is for the day on which that is wrong.
      if (!target.startsWith(this.root + sep)) throw new Error('the path leaves the directory');
      fs.mkdirSync(dirname(target), { recursive: true });
      const placed = this.placeAt(target, content, mayBeThere);
      if (this.settings.queue === 'disk-synced') syncDirectory(dirname(placed));
      return placed;
    } catch (error) {
      throw new NotPlaced((error as Error).message, { cause: error });
    }
  }

  private placeAt(target: string, content: ObjectContent, mayBeThere: boolean): string {
    const { collision } = this.settings;
    const reuses = mayBeThere || collision === 'skip-identical';
    for (let number = 1; number <= MAX_NUMBER; number += 1) {
      const path = number === 1 ? target : numbered(target, number);
      if (!fs.existsSync(path)) {
        if (this.create(path, content)) return path;
      } else if (reuses && isSameContent(path, content)) {
        return path;
      } else if (collision === 'overwrite') {
        const temporary = temporaryName(path);
        fs.rmSync(temporary, { force: true });
        this.create(temporary, content);
        fs.renameSync(temporary, path);
        return path;
      }
    }
    throw new Error(`${MAX_NUMBER} files of this name are there already`);
  }

  /** False when the path has come into being meanwhile. */
  private create(path: string, content: ObjectContent): boolean {
    if (content.path !== undefined) {
      const linked = tryLink(content.path, path);
      if (linked !== 'impossible') {
        if (linked === 'done') fs.chmodSync(path, fileMode());
        return linked === 'done';
      }
    }
    const temporary = temporaryName(path);
    copy(content, temporary, this.settings.queue === 'disk-synced');
    const taken = tryLink(temporary, path);
    if (taken === 'impossible') fs.renameSync(temporary, path);
    else fs.rmSync(temporary, { force: true });
    return taken !== 'exists';
  }
}

/** A name that no template makes: it begins with a dot. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

/** What the process' umask leaves to new files: these are for other programs, unlike the queue's. */
function fileMode(): number {
  return 0o666 & ~process.umask();
}

/** Links without replacing what is there. `impossible`: another disk, or a file system without links. */
function tryLink(from: string, to: string): 'done' | 'exists' | 'impossible' {
  try {
    fs.linkSync(from, to);
    return 'done';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return 'exists';
    if (['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'].includes(code ?? '')) {
      return 'impossible';
    }
    throw error;
  }
}

function copy(content: ObjectContent, to: string, synced: boolean): void {
  fs.rmSync(to, { force: true });
  if (content.kind === 'file') fs.copyFileSync(content.path, to, fs.constants.COPYFILE_EXCL);
  else fs.writeFileSync(to, content.bytes.copy(0, content.bytes.size), { flag: 'wx' });
  fs.chmodSync(to, fileMode());
  if (!synced) return;
  const fd = fs.openSync(to, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function syncDirectory(directory: string): void {
  // Windows cannot open a directory.
  if (process.platform === 'win32') return;
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function isSameContent(path: string, content: ObjectContent): boolean {
  const fd = fs.openSync(path, 'r');
  try {
    const found = fs.fstatSync(fd);
    const ours = contentSource(content);
    if (found.size !== ours.size) return false;
    if (content.path !== undefined) {
      const { ino, dev } = fs.statSync(content.path);
      if (ino === found.ino && dev === found.dev) return true;
    }
    return haveSameBytes(fd, ours);
  } finally {
    fs.closeSync(fd);
  }
}

function haveSameBytes(fd: number, ours: ByteSource): boolean {
  const theirs = Buffer.allocUnsafe(COMPARE_CHUNK);
  for (let offset = 0; offset < ours.size; offset += COMPARE_CHUNK) {
    const length = Math.min(COMPARE_CHUNK, ours.size - offset);
    readFully(fd, theirs, length, offset);
    if (theirs.compare(ours.read(offset, length), 0, length, 0, length) !== 0) return false;
  }
  return true;
}

function readFully(fd: number, into: Buffer, length: number, offset: number): void {
  for (let done = 0; done < length;) {
    const count = fs.readSync(fd, into, done, length - done, offset + done);
    if (count === 0) throw new Error('a file became shorter while it was compared');
    done += count;
  }
}
