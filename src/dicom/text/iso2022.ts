import { CODE } from './ascii';
import { type CodeTable, DESIGNATIONS } from './code-tables';
import { REPLACEMENT } from './replacement';

const { ESCAPE, SPACE, EQUALS, BACKSLASH } = CODE;

const DELETE = 0x7f;
const HIGH = 0x80;
const CARET = 0x5e;

export interface Designations {
  readonly g0: CodeTable;
  readonly g1: CodeTable | undefined;
}

/** What ends a value or part of it, and with it all designations (PS3.5 6.1.2.5.3). */
export interface Delimiters {
  /** Backslash separates values. */
  readonly values: boolean;
  /** ^ and = separate the components and component groups of a person name. */
  readonly name: boolean;
}

/**
 * Text of an 8-bit code with code extension (ISO 2022, PS3.5 6.1.2.4 and 6.1.2.5). Control characters and delimiters
 * bring back the initial designations. Bytes that mean nothing become U+FFFD.
 */
export function decodeIso2022(
  bytes: Buffer,
  start: number,
  end: number,
  initial: Designations,
  delimiters: Delimiters,
): string[] {
  const values: string[] = [];
  let text = '';
  let { g0, g1 } = initial;
  let position = start;
  const reset = (): void => {
    ({ g0, g1 } = initial);
  };
  while (position < end) {
    const byte = bytes[position] ?? 0;
    if (byte === ESCAPE) {
      const found = designation(bytes, position + 1, end);
      if (found === undefined) {
        text += REPLACEMENT;
        position += 1;
      } else {
        if (found.half === 'g0') g0 = found.table;
        else g1 = found.table;
        position += 1 + found.length;
      }
    } else if (byte <= SPACE || byte === DELETE) {
      if (byte < SPACE) reset();
      text += String.fromCharCode(byte);
      position += 1;
    } else if (byte >= HIGH) {
      const stop = runEnd(bytes, position, end, g1?.width ?? 1, HIGH, 0xff);
      text += decodeRun(bytes, position, stop, g1);
      position = stop;
    } else if (g0.width === 2) {
      const stop = runEnd(bytes, position, end, 2, SPACE + 1, DELETE - 1);
      text += decodeRun(bytes, position, stop, g0);
      position = stop;
    } else if (byte === BACKSLASH && delimiters.values) {
      values.push(text);
      text = '';
      reset();
      position += 1;
    } else {
      const stop = textEnd(bytes, position, end, delimiters);
      text += g0.decode(bytes.subarray(position, stop));
      position = stop;
      const last = bytes[stop - 1];
      if (delimiters.name && (last === CARET || last === EQUALS)) reset();
    }
  }
  values.push(text);
  return values;
}

function decodeRun(bytes: Buffer, start: number, stop: number, table: CodeTable | undefined): string {
  if (table === undefined) return REPLACEMENT.repeat(stop - start);
  const whole = stop - ((stop - start) % table.width);
  const text = whole === start ? '' : table.decode(bytes.subarray(start, whole));
  return whole === stop ? text : text + REPLACEMENT;
}

/** Escape sequences as numbers: otherwise each one would take a string and two look-ups. */
const BY_CODE = new Map(
  [...DESIGNATIONS].map(([text, found]) => [codeOf(Buffer.from(text, 'latin1'), 0, text.length), found]),
);

function codeOf(bytes: Buffer, start: number, length: number): number {
  let code = 0;
  for (let at = start; at < start + length; at += 1) code = code * 0x100 + (bytes[at] ?? 0);
  return code;
}

function designation(
  bytes: Buffer,
  start: number,
  end: number,
): { half: 'g0' | 'g1'; table: CodeTable; length: number } | undefined {
  for (let length = 2; length <= 3 && start + length <= end; length += 1) {
    const found = BY_CODE.get(codeOf(bytes, start, length));
    if (found !== undefined) return { ...found, length };
  }
  return undefined;
}

/** The end of a run of bytes between `low` and `high`, taken a character at a time. */
function runEnd(bytes: Buffer, start: number, end: number, width: number, low: number, high: number): number {
  let stop = start;
  const within = (index: number): boolean => {
    const byte = bytes[index] ?? 0;
    return index < end && byte >= low && byte <= high;
  };
  while (within(stop)) stop += width === 2 && within(stop + 1) ? 2 : 1;
  return stop;
}

/** The end of a run of single-byte characters of G0; a delimiter of names is the last of its run. */
function textEnd(bytes: Buffer, start: number, end: number, delimiters: Delimiters): number {
  for (let stop = start; stop < end; stop += 1) {
    const byte = bytes[stop] ?? 0;
    if (byte < SPACE || byte >= DELETE) return stop;
    if (byte === BACKSLASH && delimiters.values) return stop;
    if (delimiters.name && (byte === CARET || byte === EQUALS)) return stop + 1;
  }
  return end;
}
