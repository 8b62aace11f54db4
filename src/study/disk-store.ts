import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DIRECTORY_MODE,
  FILE_MODE,
  makeDurableDirectory,
  realFiles,
  soManyAtATime,
  syncDirectory,
} from '../basics';
import { recordIn } from './log-record';
import type { LogRecord } from './records';
import type { Appended, Placed, StudyStore } from './study-store';

const SUFFIX = '.study';
const NEW = '.new';
/** A log of which nothing can be used. */
const DAMAGED = '.damaged';
const NAME = /^[0-9a-f]{16}\.study$/;
const CHUNK_BYTES = 131_072;
const NEWLINE = 0x0a;
/** Changes of a firing are the longest. */
const LONGEST_LINE = 16_777_216;
/** Logs that are written at a time. */
const AT_A_TIME = 16;

interface Waiting {
  text: string;
  /** All that the log has is replaced by it. */
  replaces: boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** A log that is being written. */
interface Writer {
  group: string;
  /** Bytes of the log, with and without what waits. */
  size: number;
  safe: number;
  waiting: Waiting[];
  /** Behind `safe` there may be something that was not written to its end. */
  hasRest: boolean;
}

/** Logs in a directory: a file for each group, of one JSON text a line, which is only ever appended to or replaced. */
export class DiskStudyStore implements StudyStore {
  private readonly writers = new Map<string, Writer>();
  private readonly dirty = new Set<Writer>();
  private writing: Promise<void> | undefined;
  /** Of whose lines it has been told. */
  private readonly spoilt = new Set<string>();

  /**
   * @param damaged told once of each log with lines that are no records, which a disk has spoilt; `kept`: where it is, as nothing of it
   * can be used
   */
  constructor(
    private readonly directory: string,
    private readonly damaged: (file: string, kept?: string) => void,
  ) {}

  async open(): Promise<string[]> {
    await mkdir(this.directory, { recursive: true, mode: DIRECTORY_MODE });
    makeDurableDirectory(this.directory, realFiles, { mode: DIRECTORY_MODE });
    const groups: string[] = [];
    for (const name of await readdir(this.directory)) {
      if (name.endsWith(SUFFIX + NEW)) await rm(join(this.directory, name), { force: true });
      if (!NAME.test(name)) continue;
      const group = name.slice(0, -SUFFIX.length);
      const size = await wholeLines(this.path(group));
      this.writers.set(group, { group, size, safe: size, waiting: [], hasRest: true });
      groups.push(group);
    }
    return groups;
  }

  append(group: string, records: readonly LogRecord[]): Appended {
    const writer = this.writerOf(group);
    return this.add(writer, { text: textOf(records), replaces: false });
  }

  replace(group: string, records: readonly LogRecord[]): Appended {
    const writer = this.writerOf(group);
    writer.size = 0;
    return this.add(writer, { text: textOf(records), replaces: true });
  }

  private writerOf(group: string): Writer {
    const writer = this.writers.get(group) ?? { group, size: 0, safe: 0, waiting: [], hasRest: false };
    this.writers.set(group, writer);
    return writer;
  }

  private add(writer: Writer, what: Pick<Waiting, 'text' | 'replaces'>): Appended {
    const at = writer.size;
    writer.size += Buffer.byteLength(what.text);
    const safe = new Promise<void>((resolve, reject) => writer.waiting.push({ ...what, resolve, reject }));
    this.dirty.add(writer);
    this.writing ??= this.write();
    return { at, safe };
  }

  async *read(group: string, from: number, to = Infinity): AsyncGenerator<Placed[]> {
    const end = Math.min(to, this.writers.get(group)?.safe ?? Infinity);
    const file = await open(this.path(group), 'r');
    try {
      for await (const lines of linesOf(file, from, end)) {
        const records: Placed[] = [];
        for (const { at, line } of lines) {
          const record = recordIn(line);
          if (record === undefined) this.isSpoilt(group);
          else records.push({ at, record });
        }
        yield records;
      }
    } finally {
      await file.close();
    }
  }

  async remove(group: string): Promise<void> {
    this.writers.delete(group);
    await rm(this.path(group), { force: true });
  }

  async setAside(group: string): Promise<void> {
    if ((this.writers.get(group)?.safe ?? 0) === 0) {
      await this.remove(group);
      return;
    }
    this.writers.delete(group);
    const path = this.path(group);
    await rename(path, path + DAMAGED);
    this.damaged(path, path + DAMAGED);
  }

  async close(): Promise<void> {
    await this.writing;
  }

  private isSpoilt(group: string): void {
    if (this.spoilt.has(group)) return;
    this.spoilt.add(group);
    this.damaged(this.path(group));
  }

  private path(group: string): string {
    return join(this.directory, `${group}${SUFFIX}`);
  }

  private async write(): Promise<void> {
    // What comes within this turn is written, and synced, with it.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.dirty.size > 0) {
      const writers = [...this.dirty];
      this.dirty.clear();
      await soManyAtATime(AT_A_TIME, writers, (writer) => this.writeAll(writer));
    }
    this.writing = undefined;
  }

  private async writeAll(writer: Writer): Promise<void> {
    const waiting = writer.waiting.splice(0);
    const replacement = waiting.findLastIndex(({ replaces }) => replaces);
    // What was written before a replacement is part of it.
    const texts = waiting.slice(Math.max(0, replacement)).map(({ text }) => text);
    const bytes = Buffer.from(texts.join(''));
    try {
      if (replacement >= 0) await this.putInPlace(writer, bytes);
      else await this.putBehind(writer, bytes);
    } catch (error) {
      // Nor is what waits behind it where it was to be.
      const behind = writer.waiting.splice(0);
      writer.size = writer.safe;
      for (const { reject } of [...waiting, ...behind]) reject(error);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }

  private async putBehind(writer: Writer, bytes: Buffer): Promise<void> {
    const path = this.path(writer.group);
    const { hasRest } = writer;
    writer.hasRest = true;
    await written(path, 'a', bytes, hasRest ? writer.safe : undefined);
    if (writer.safe === 0) await syncDirectory(this.directory, realFiles);
    writer.hasRest = false;
    writer.safe += bytes.length;
  }

  private async putInPlace(writer: Writer, bytes: Buffer): Promise<void> {
    const path = this.path(writer.group);
    await written(`${path}${NEW}`, 'w', bytes);
    await rename(`${path}${NEW}`, path);
    writer.hasRest = false;
    writer.safe = bytes.length;
    await syncDirectory(this.directory, realFiles);
  }
}

/** @param keep bytes that stay of what is there; undefined: all of it */
async function written(path: string, flags: 'a' | 'w', bytes: Buffer, keep?: number): Promise<void> {
  const file = await open(path, flags, FILE_MODE);
  try {
    if (keep !== undefined) await file.truncate(keep);
    await file.appendFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

const textOf = (records: readonly LogRecord[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Bytes up to the end of the last line that has one: what was being written when the process ended has none. */
async function wholeLines(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let end = size; end > 0;) {
      const from = Math.max(0, end - CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, end - from, from);
      const newline = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (newline >= 0) return from + newline + 1;
      end = from;
    }
    return 0;
  } finally {
    await file.close();
  }
}

interface Line {
  at: number;
  line: string;
}

/** Those of a piece of the file at a time. */
async function* linesOf(file: FileHandle, from: number, to: number): AsyncGenerator<Line[]> {
  let rest: Buffer[] = [];
  let length = 0;
  let begin = from;
  for (let position = from; position < to;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return;
    const bytes = chunk.subarray(0, bytesRead);
    const lines: Line[] = [];
    let at = 0;
    for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = bytes.indexOf(NEWLINE, at)) {
      const end = bytes.subarray(at, newline);
      // A line that is too long is none of ours.
      if (length <= LONGEST_LINE)
        lines.push({
          at: begin,
          line: (length === 0 ? end : Buffer.concat([...rest, end])).toString('utf8'),
        });
      [rest, length, at] = [[], 0, newline + 1];
      begin = position + at;
    }
    const left = bytes.subarray(at);
    length += left.length;
    if (length > LONGEST_LINE) rest = [];
    else if (left.length > 0) rest.push(left);
    position += bytesRead;
    yield lines;
  }
}
