import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JournalEntry, JournalOutcome, JournalPage, ListedEntry } from '../admin-api';
import { asError, DIRECTORY_MODE, FILE_MODE, inTime } from '../basics';
import { uidName } from '../dicom';
import { journalLine, parseLine } from './entry';
import { findSegment, HEAD, isSegment, linesBackwards, newSegment, type Segment } from './segment';

/** Where a node has its journal, and what is in it: plain data that can be posted. */
export interface JournalConfig {
  directory: string;
  /** With who the objects are about. */
  patient: boolean;
}

export interface JournalOptions {
  directory: string;
  /** Told once that entries are lost, because they cannot be written. */
  failed(error: Error): void;
  limits?: Partial<JournalLimits>;
}

export interface JournalLimits {
  /** Older ones go when there are more. */
  entries: number;
  /** Milliseconds that an entry can be read; its file goes up to a day later. */
  age: number;
  /** Of one file. */
  entriesOfSegment: number;
  /** Milliseconds after which another file is begun, so that files can go. */
  ageOfSegment: number;
}

const DAY = 86_400_000;
const LIMITS: JournalLimits = {
  entries: 10_000,
  age: 7 * DAY,
  entriesOfSegment: 1_000,
  ageOfSegment: DAY,
};

/** Entries are written so long after they came, together: what the last ones of a process that is killed were is not kept. */
const WRITE_MS = 500;
/** After a failure of the disk. */
const WRITE_AGAIN_MS = 60_000;
/** Characters that wait to be written, while a disk is slow or full; beyond, entries are lost. */
const MOST_WAITING = 2_000_000;
const TIDY_MS = 3_600_000;
/** A disk that is slow holds nobody up who ends. */
const CLOSE_MS = 1_000;

/** Which entries are wanted. */
export interface JournalQuery {
  /** Only those before the one with this key. */
  before?: string;
  /** At most this many, 1 to `MAX_ENTRIES`; default `ENTRIES`. */
  limit?: number;
  /** A part of what an entry says, in whatever letters. */
  text?: string;
  outcome?: JournalOutcome;
}

/** Entries of a page, where nothing else is asked for, and at most. */
const ENTRIES = 50;
export const MAX_ENTRIES = 500;

/**
 * A bounded record of objects on a disk, for people who look for one: no promise. What cannot be written is lost, and told of
 * once; nobody waits for it.
 */
export class Journal {
  private readonly limits: JournalLimits;
  private readonly opened: Promise<void>;
  private readonly tidying: NodeJS.Timeout;
  /** The oldest first. */
  private segments: Segment[] = [];
  /** Of these, the one that is being written to. */
  private current: Segment | undefined;
  private waiting: string[] = [];
  private waitingLength = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private hasToldOfFailure = false;
  private triesAgainAt = 0;
  private isClosed = false;

  constructor(private readonly options: JournalOptions) {
    this.limits = { ...LIMITS, ...options.limits };
    this.opened = this.open();
    this.tidying = setInterval(() => void this.inTurn(() => this.tidy()), TIDY_MS).unref();
  }

  append(entry: JournalEntry): void {
    if (this.isClosed) return;
    const line = journalLine(entry);
    if (this.waitingLength + line.length > MOST_WAITING) {
      this.fail(new Error('entries come faster than they can be written'));
      return;
    }
    this.waiting.push(line);
    this.waitingLength += line.length;
    this.timer ??= setTimeout(() => void this.flush(), WRITE_MS).unref();
  }

  /** The latest first. What cannot be read is left out. */
  async page({ before, limit = ENTRIES, text = '', outcome }: JournalQuery): Promise<JournalPage> {
    await this.flush();
    const most = Math.min(Math.max(limit, 1), MAX_ENTRIES);
    const oldest = new Date(Date.now() - this.limits.age).toISOString();
    const wanted = text.trim().toLowerCase();
    const isWanted = (entry: JournalEntry): boolean =>
      entry.at >= oldest && (outcome === undefined || entry.outcome === outcome) && says(entry, wanted);
    const entries: ListedEntry[] = [];
    for await (const entry of this.entriesBefore(before)) {
      if (isWanted(entry)) entries.push(listed(entry));
      if (entries.length === most) return { entries, next: entry.key };
    }
    return { entries };
  }

  /** The one with this key. Undefined: it has gone, or there has never been one. */
  async find(key: string): Promise<JournalEntry | undefined> {
    const place = placeIn(key);
    const segment = this.segments.find(({ name }) => name === place?.name);
    if (place === undefined || segment === undefined) return undefined;
    for await (const lines of this.linesOf(segment, Infinity)) {
      const line = lines.find(({ offset }) => offset === place.offset);
      if (line !== undefined) return parseLine(line.text);
    }
    return undefined;
  }

  /** Resolves when what has been appended is written, or a second later. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.tidying);
    await inTime(this.flush(), CLOSE_MS);
  }

  private async *entriesBefore(before: string | undefined): AsyncGenerator<JournalEntry & { key: string }> {
    const place = before === undefined ? undefined : placeIn(before);
    for (const segment of [...this.segments].reverse()) {
      const { name } = segment;
      if (place !== undefined && name > place.name) continue;
      const end = name === place?.name ? place.offset : Infinity;
      for await (const lines of this.linesOf(segment, end)) {
        for (const { offset, text } of lines) {
          const entry = parseLine(text);
          if (entry !== undefined) yield { ...entry, key: keyOf(name, offset) };
        }
      }
    }
  }

  private async *linesOf({ name, isReadable }: Segment, end: number): ReturnType<typeof linesBackwards> {
    if (!isReadable) return;
    try {
      yield* linesBackwards(this.path(name), end);
    } catch (error) {
      // It has gone meanwhile, or cannot be read now.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** What an earlier run left. */
  private async open(): Promise<void> {
    try {
      const names = (await readdir(this.options.directory)).filter(isSegment).sort();
      for (const name of names) this.segments.push(await findSegment(this.path(name), name));
      const newest = this.segments.at(-1);
      if (newest?.isReadable === true && newest.isWhole) this.current = newest;
      await this.tidy();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.fail(error);
    }
  }

  /** Removes files of which nothing is wanted any more. */
  private async tidy(): Promise<void> {
    const { entries: most, age, ageOfSegment } = this.limits;
    let entries = this.segments.reduce((sum, segment) => sum + segment.entries, 0);
    const oldest = Date.now() - age - ageOfSegment;
    for (const segment of [...this.segments]) {
      entries -= segment.entries;
      if (entries < most && segment.begunAt >= oldest) return;
      await rm(this.path(segment.name), { force: true });
      this.segments = this.segments.filter((other) => other !== segment);
    }
  }

  private flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.inTurn(() => this.write());
  }

  /** One thing after the other. */
  private inTurn(act: () => Promise<void>): Promise<void> {
    this.writing = this.writing
      .then(() => this.opened)
      .then(act)
      .catch((error: unknown) => this.fail(error));
    return this.writing;
  }

  /** What is waiting now: what comes meanwhile has its own turn, else a busy node would write every few entries by themselves. */
  private async write(): Promise<void> {
    let left = this.waiting.length;
    while (left > 0 && performance.now() >= this.triesAgainAt) {
      const { entriesOfSegment } = this.limits;
      const segment = this.usableSegment() ?? newSegment(this.segments.at(-1));
      const lines = this.waiting.slice(0, Math.min(left, entriesOfSegment - segment.entries));
      try {
        await this.writeTo(segment, lines.join(''));
      } catch (error) {
        this.notWritten(segment, error);
        return;
      }
      this.waiting.splice(0, lines.length);
      left -= lines.length;
      this.waitingLength -= lines.reduce((sum, { length }) => sum + length, 0);
      segment.entries += lines.length;
      this.current = segment;
    }
  }

  private async writeTo(segment: Segment, text: string): Promise<void> {
    if (segment !== this.current) {
      await makeDirectory(this.options.directory);
      await appendFile(this.path(segment.name), HEAD + text, { mode: FILE_MODE });
      this.segments.push(segment);
      await this.tidy();
    } else await appendFile(this.path(segment.name), text);
  }

  /** What has been written of it may end in the middle of a line: the next time another one is begun. */
  private notWritten(segment: Segment, error: unknown): void {
    this.triesAgainAt = performance.now() + WRITE_AGAIN_MS;
    this.current = undefined;
    this.fail(error);
    if (this.segments.includes(segment)) return;
    // Otherwise a full disk would get more and more of them.
    void this.inTurn(() => rm(this.path(segment.name), { force: true }));
  }

  private usableSegment(): Segment | undefined {
    const { entriesOfSegment, ageOfSegment } = this.limits;
    const { current } = this;
    if (current === undefined || !this.segments.includes(current)) return undefined;
    const isFull = current.entries >= entriesOfSegment;
    return isFull || Date.now() - current.begunAt >= ageOfSegment ? undefined : current;
  }

  private fail(error: unknown): void {
    if (this.hasToldOfFailure) return;
    this.hasToldOfFailure = true;
    this.options.failed(asError(error));
  }

  private path(name: string): string {
    return join(this.options.directory, name);
  }
}

/** As `makeDirectory` of `src/basics`, and nobody waits for the disk. @throws the system's error */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(directory) === directory) throw error;
    await makeDirectory(dirname(directory));
    await mkdir(directory, { mode: DIRECTORY_MODE });
  }
}

/** Of a file and a place in it. */
const KEY = /^(\d{13}-[0-9a-f]{8})-(\d{1,10})$/;
const SUFFIX = '.journal';
const keyOf = (name: string, offset: number): string => `${name.slice(0, -SUFFIX.length)}-${offset}`;

/** Undefined: it is no key. */
function placeIn(key: string): { name: string; offset: number } | undefined {
  const [, segment, offset] = KEY.exec(key) ?? [];
  return segment === undefined ? undefined : { name: segment + SUFFIX, offset: Number(offset) };
}

function listed(entry: JournalEntry & { key: string }): ListedEntry {
  const sopClassName = className(entry);
  return { ...entry, ...(sopClassName !== undefined && { sopClassName }) };
}

const className = ({ sopClassUID }: JournalEntry): string | undefined =>
  sopClassUID === undefined ? undefined : uidName(sopClassUID);

/** In which a text is looked for. */
const SEARCHED = [
  'sopInstanceUID',
  'sopClassUID',
  'callingAET',
  'calledAET',
  'remoteAddress',
  'peer',
  'status',
  'text',
  'patientID',
  'patientName',
] as const satisfies readonly (keyof JournalEntry)[];

function says(entry: JournalEntry, wanted: string): boolean {
  if (wanted === '') return true;
  const texts = [...SEARCHED.map((field) => entry[field]), className(entry)];
  return texts.some((text) => typeof text === 'string' && text.toLowerCase().includes(wanted));
}

/** The page with `again` where the object of an entry is among these. @param nameOf the object's, where it is named */
export function withAgain(
  page: JournalPage,
  repeatable: readonly string[],
  nameOf: (entry: JournalEntry) => string | undefined,
): JournalPage {
  const names = new Set(repeatable);
  const entries = page.entries.map((entry) =>
    names.has(nameOf(entry) ?? '') ? { ...entry, again: true as const } : entry,
  );
  return { ...page, entries };
}
