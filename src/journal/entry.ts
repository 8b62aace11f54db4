import type { JournalEntry } from '../admin-api';

/** What peers say may be long: where a line is longer than this, each text is cut to this length. */
const LONG_LINE = 1_500;
const MAX_TEXT = 256;

/** An entry as a line, with its end. */
export function journalLine(entry: JournalEntry): string {
  const line = JSON.stringify(entry);
  return `${line.length > LONG_LINE ? JSON.stringify(entry, shortened) : line}\n`;
}

function shortened(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : value;
}

/** Undefined: it is none, as what was being written when the process ended. */
export function parseLine(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry> | null;
    return typeof entry?.at === 'string' && entry.outcome !== undefined ? (entry as JournalEntry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
