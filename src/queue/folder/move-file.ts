import { randomBytes } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import {
  beat,
  FILE_MODE,
  linkWithoutReplacing,
  makeDirectory,
  numbered,
  removeIfThere,
  syncDirectoryNow,
  writeAll,
} from '../../basics';
import { isMissing, openRegular, type FolderFiles } from './folder-files';

/** Files of one name that are numbered. */
const MOST_NUMBERS = 10_000;
/** Copied in one step. */
const CHUNK = 1_048_576;
/** What file systems take at most for a name. */
const MOST_NAME_BYTES = 255;
/** Room for what stands around a name in that of a temporary file. */
const TEMPORARY_BYTES = 40;
/** Room for a number. */
const NUMBER_BYTES = 8;

/**
 * Moves a file into a directory, which is made where it is missing, and replaces nothing there: it may get a number. To another
 * file system it is copied: the copy is complete and on the disk before it has its name, and the file is deleted then. Each
 * step is short, for the caller to do something else in between.
 * @param name below the directory
 * @returns where it is now
 * @throws the system's error; then the file is where it was
 */
export function* moving(
  from: string,
  directory: string,
  name: string,
  files: FolderFiles,
): Generator<void, string> {
  const wanted = join(directory, name);
  makeDirectory(dirname(wanted), files);
  const moved = moveWithin(from, wanted, files);
  if (moved !== undefined) return moved;
  const temporary = temporaryFor(wanted);
  try {
    yield* copying(from, temporary, files);
    const placed = named(temporary, wanted, files);
    syncDirectoryNow(dirname(placed), files);
    removeIfThere(from, files);
    return placed;
  } finally {
    removeIfThere(temporary, files);
  }
}

/** All steps at once. @throws as `moving` */
export function moveNow(from: string, directory: string, name: string, files: FolderFiles): string {
  return allSteps(moving(from, directory, name, files));
}

/** Copies a file into a directory instead. @throws as `moving` */
export function copyNow(from: string, directory: string, name: string, files: FolderFiles): string {
  const wanted = join(directory, name);
  makeDirectory(dirname(wanted), files);
  const temporary = temporaryFor(wanted);
  try {
    allSteps(copying(from, temporary, files));
    const placed = named(temporary, wanted, files);
    syncDirectoryNow(dirname(placed), files);
    return placed;
  } finally {
    removeIfThere(temporary, files);
  }
}

/**
 * A name that nobody else has, whatever thread or machine moves a file of that name to that directory at the same time: who
 * wrote over another one's copy would have the other one name it, and delete its own file for it.
 */
function temporaryFor(wanted: string): string {
  const name = shortened(basename(wanted), MOST_NAME_BYTES - TEMPORARY_BYTES);
  return join(dirname(wanted), `.${name}.${randomBytes(8).toString('hex')}.part`);
}

/** As many whole characters of a name as fit into this many bytes of UTF-8. */
function shortened(name: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(bytes));
  return name.slice(0, read);
}

/** A path with a number, whose name no file system finds too long. */
function numberedPath(path: string, number: number): string {
  const name = basename(path);
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES - NUMBER_BYTES) return numbered(path, number);
  const end = shortened(extname(name), NUMBER_BYTES * 2);
  const room = MOST_NAME_BYTES - NUMBER_BYTES - Buffer.byteLength(end);
  return join(dirname(path), `${shortened(name.slice(0, name.length - end.length), room)}_${number}${end}`);
}

function allSteps<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    beat();
  }
}

/** Undefined: it is another file system. */
function moveWithin(from: string, wanted: string, files: FolderFiles): string | undefined {
  if (files.statSync(dirname(wanted)).dev !== files.lstatSync(from).dev) return undefined;
  try {
    const placed = named(from, wanted, files);
    removeIfThere(from, files);
    return placed;
  } catch (error) {
    // Mounts of one file system have one number, and nothing is renamed between them.
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    return undefined;
  }
}

/** Gives a file the first name that is free. One that it has already, because its move was interrupted, is that. */
function named(from: string, wanted: string, files: FolderFiles): string {
  const { dev, ino } = files.lstatSync(from);
  for (let number = 1; number <= MOST_NUMBERS; number += 1) {
    const path = number === 1 ? wanted : numberedPath(wanted, number);
    if (linkWithoutReplacing(from, path, files)) return path;
    const there = files.lstatSync(path, { throwIfNoEntry: false });
    if (there?.dev === dev && there.ino === ino && ino !== 0) return path;
  }
  throw new Error(`${MOST_NUMBERS} files have the name ${basename(wanted)}`);
}

/** The time of its last change goes with it. */
export function* copying(from: string, to: string, files: FolderFiles): Generator<void, void> {
  const source = openRegular(from, files);
  try {
    const { size, atime, mtime } = files.fstatSync(source);
    // What an earlier run left there is written anew.
    removeIfThere(to, files);
    const target = files.openSync(to, 'wx', FILE_MODE);
    try {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size, 1)));
      for (let offset = 0; offset < size;) {
        const length = files.readSync(source, chunk, 0, Math.min(chunk.length, size - offset), offset);
        if (length === 0) throw new Error(`${from} became shorter while it was copied`);
        writeAll(files, target, chunk.subarray(0, length), offset);
        offset += length;
        yield;
      }
      files.fsyncSync(target);
    } finally {
      files.closeSync(target);
    }
    files.utimesSync(to, atime, mtime);
  } finally {
    files.closeSync(source);
  }
}

/** Removes a directory that is empty, and those above it up to `top`, which it removes, too. */
export function removeEmpty(directory: string, top: string, files: Pick<FolderFiles, 'rmdirSync'>): void {
  for (let level = directory; ; level = dirname(level)) {
    try {
      files.rmdirSync(level);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
      if (!isMissing(error)) throw error;
    }
    if (level === top || level === dirname(level)) return;
  }
}
