import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Of the format: each file begins with a line that says it. */
const VERSION = 1;
export const HEAD = `{"journal":${VERSION}}\n`;
const SEGMENT = /^(\d{13})-[0-9a-f]{8}\.journal$/;
const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;

/** A file of the journal. */
export interface Segment {
  /** Sorts by age. */
  name: string;
  /** When it was begun, milliseconds. */
  begunAt: number;
  /** Its lines, without the head. */
  entries: number;
  /** This version, or an earlier one, wrote it. */
  isReadable: boolean;
  /** Its last line has an end: another one can be appended. */
  isWhole: boolean;
}

export const isSegment = (name: string): boolean => SEGMENT.test(name);

/** A new one, whose name sorts behind the newest, whatever the clock says. */
export function newSegment(newest: Segment | undefined): Segment {
  const now = Date.now();
  const time = Math.max(now, newest === undefined ? 0 : timeIn(newest.name) + 1);
  const name = `${String(time).padStart(13, '0')}-${randomBytes(4).toString('hex')}.journal`;
  return { name, begunAt: now, entries: 0, isReadable: true, isWhole: true };
}

const timeIn = (name: string): number => Number(SEGMENT.exec(name)?.[1] ?? 0);

/** One that an earlier run left. @throws the system's error */
export async function findSegment(path: string, name: string): Promise<Segment> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let [lines, last, isReadable] = [0, 0, false];
    for (let at = 0; ;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      const bytes = chunk.subarray(0, bytesRead);
      if (at === 0) isReadable = bytes.toString('latin1', 0, HEAD.length) === HEAD;
      lines += newlinesIn(bytes);
      last = bytes.at(-1) ?? 0;
      at += bytesRead;
    }
    const entries = Math.max(0, lines - 1);
    return { name, begunAt: timeIn(name), entries, isReadable, isWhole: last === NEWLINE };
  } finally {
    await file.close();
  }
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** A line of a file, and where it begins. */
export interface PlacedLine {
  offset: number;
  text: string;
}

/** What is longer is no line of ours. */
const LONGEST_LINE = 65_536;

/**
 * The lines of a file that begin before `end`, from the last to the first, a piece of the file at a time. What has been left of
 * a line, at the end of the file, is among them.
 * @throws the system's error
 */
export async function* linesBackwards(path: string, end: number): AsyncGenerator<PlacedLine[]> {
  const file = await open(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    for (let at = Math.min(end, (await file.stat()).size); at > 0 && rest.length <= LONGEST_LINE;) {
      const from = Math.max(0, at - CHUNK_BYTES);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(at - from), 0, at - from, from);
      const bytes = Buffer.concat([buffer.subarray(0, bytesRead), rest]);
      // What stands before the first newline may begin in the piece before.
      const first = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
      if (from === 0 || first > 0) yield linesIn(bytes.subarray(first), from + first).reverse();
      rest = from > 0 && first === 0 ? bytes : bytes.subarray(0, first);
      at = from;
    }
  } finally {
    await file.close();
  }
}

function linesIn(bytes: Buffer, offset: number): PlacedLine[] {
  const lines: PlacedLine[] = [];
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    lines.push({ offset: offset + at, text: bytes.toString('utf8', at, end) });
    at = end + 1;
  }
  return lines;
}
