import { CODE } from './ascii';

const { COMMA, MINUS, ZERO, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE } = CODE;

const FIRST_BYTES = 65_536;
/** Memory for more than this is given back: objects with such large messages are rare. */
const MOST_KEPT_BYTES = 1_048_576;
/** Most bytes of UTF-8 that a UTF-16 code unit takes. */
const BYTES_PER_UNIT = 3;

/** Bytes of a 32-bit number, which most are, with its sign. */
const LARGEST_INTEGER = 0xffffffff;
const MOST_DIGITS = 11;

/** No message is longer, whatever its settings: JavaScript's strings end at twice as much. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What a text may have at most. */
export interface JsonLimits {
  /** Of UTF-8, with everything escaped. */
  readonly bytes: number;
  /** Values and keys. */
  readonly elements: number;
}

/** The text would be larger than it may be. Nothing more is written into it, but by who takes back what was. */
export class OutOfRoom extends Error {
  override readonly name = 'OutOfRoom';
}

/** The memory that texts are written into, one after the other. */
let memory = Buffer.allocUnsafeSlow(FIRST_BYTES);

/**
 * JSON text that is being written, as bytes. Most values of a data set are ASCII, and to copy their bytes costs a fraction
 * of making strings and objects of them that JSON.stringify turns into the same bytes again. One at a time: all share
 * their memory.
 */
export class JsonText {
  bytes = memory;
  length = 0;
  /** Values and keys so far. */
  elements = 0;
  #isAscii = true;
  readonly #limits: JsonLimits;

  constructor(limits: JsonLimits = { bytes: MOST_BYTES, elements: Infinity }) {
    this.#limits = { ...limits, bytes: Math.min(limits.bytes, MOST_BYTES) };
  }

  /** Whether there is room for this many more bytes. */
  hasRoom(more: number): boolean {
    return this.length + more <= this.#limits.bytes && this.elements <= this.#limits.elements;
  }

  /** How much more there may be. */
  get room(): JsonLimits {
    const { bytes, elements } = this.#limits;
    return { bytes: bytes - this.length, elements: elements - this.elements };
  }

  /** Makes room for this many more bytes. */
  ensure(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  byte(byte: number): void {
    this.ensure(1);
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  /** Bytes that are JSON already, and ASCII. A loop: for a few bytes it costs less than a call of `set`. */
  copy(ascii: Uint8Array, start = 0, end = ascii.length): void {
    this.ensure(end - start);
    const { bytes } = this;
    let { length } = this;
    for (let index = start; index < end; index += 1, length += 1) bytes[length] = ascii[index] ?? 0;
    this.length = length;
  }

  /** Text that is JSON already, and ASCII. */
  ascii(text: string): void {
    this.ensure(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
  }

  /**
   * An object with a member for each of these, which `write` writes with its key. One for which it returns false is left out.
   * @throws OutOfRoom
   */
  object<T>(members: readonly T[], write: (member: T) => boolean | void): void {
    this.#list(OPEN_BRACE, members, write, CLOSE_BRACE, KEY);
  }

  /** An array with an element for each of these. @throws OutOfRoom */
  array<T>(elements: readonly T[], write: (element: T) => boolean | void): void {
    this.#list(OPEN_BRACKET, elements, write, CLOSE_BRACKET, VALUE);
  }

  #list<T>(
    open: number,
    members: readonly T[],
    write: (member: T) => boolean | void,
    close: number,
    count: number,
  ): void {
    this.byte(open);
    let isFirst = true;
    for (const member of members) {
      const { length } = this;
      this.elements += count;
      if (!isFirst) this.byte(COMMA);
      if (write(member) === false) this.cut(length);
      else isFirst = false;
      if (!this.hasRoom(0)) throw new OutOfRoom('the message would be too large');
    }
    this.byte(close);
  }

  /** Are these the last bytes? */
  endsWith(ascii: Uint8Array): boolean {
    const start = this.length - ascii.length;
    return ascii.every((byte, index) => this.bytes[start + index] === byte);
  }

  /** Any value that JSON has. */
  value(value: unknown): void {
    this.elements += within(value);
    const text = JSON.stringify(value);
    this.ensure(text.length * BYTES_PER_UNIT);
    const written = this.bytes.write(text, this.length, 'utf8');
    if (written !== text.length) this.#isAscii = false;
    this.length += written;
  }

  /** A finite number. */
  number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) <= LARGEST_INTEGER) this.#integer(value);
    else this.ascii(String(value));
  }

  #integer(value: number): void {
    this.ensure(MOST_DIGITS);
    const { bytes } = this;
    let rest = Math.abs(value);
    let digits = 1;
    for (let limit = 10; rest >= limit; limit *= 10) digits += 1;
    if (value < 0) this.byte(MINUS);
    for (let at = this.length + digits - 1; at >= this.length; at -= 1) {
      const tenth = Math.floor(rest / 10);
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.length += digits;
  }

  /** Takes back what was written behind this length. */
  cut(length: number): void {
    this.length = length;
  }

  /** The text; nothing can be written afterwards. */
  take(): string {
    if (this.bytes.length <= MOST_KEPT_BYTES) memory = this.bytes;
    return this.bytes.toString(this.#isAscii ? 'latin1' : 'utf8', 0, this.length);
  }
}

/** A member of an array counts as a value, one of an object as a key and a value. */
const VALUE = 1;
const KEY = 2;

/** Values and keys within a value. Loops: a list of the values would be made for each object, only to be counted. */
function within(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let sum = 0;
  if (Array.isArray(value)) {
    for (const each of value) sum += VALUE + within(each);
    return sum;
  }
  for (const key in value) {
    const each = (value as Record<string, unknown>)[key];
    if (each !== undefined) sum += KEY + within(each);
  }
  return sum;
}
