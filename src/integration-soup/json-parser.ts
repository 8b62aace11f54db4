import type { JsonArray, JsonMember, JsonNode, JsonObject } from './json-tree';

export type JsonErrorCode =
  | 'empty'
  | 'unexpected'
  | 'unexpectedEnd'
  | 'trailingComma'
  | 'comment'
  | 'unquotedKey'
  | 'lineBreakInString'
  | 'badEscape'
  | 'badNumber'
  | 'duplicateKey'
  | 'tooDeep'
  | 'afterEnd';

/** Why a text is not JSON, and where. */
export interface JsonError {
  readonly code: JsonErrorCode;
  readonly offset: number;
  /** The characters or the key that it is about; may be empty. */
  readonly found: string;
}

export type ParsedJson = { readonly tree: JsonNode } | { readonly error: JsonError };

/** Deeper than any settings file; a text that is nothing but brackets must not exhaust the stack. */
export const MAX_JSON_DEPTH = 100;

const MAX_FOUND = 20;
const BOM = '\ufeff';

/** Reads JSON (RFC 8259, with a byte order mark in front if there is one). Errors are values. */
export function parseJson(text: string): ParsedJson {
  try {
    return { tree: new Parser(text).parse() };
  } catch (error) {
    if (error instanceof Refused) return { error: error.reason };
    throw error;
  }
}

/** Line and column of an offset, both from 1, for any kind of line end. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  const last = lines[lines.length - 1] ?? '';
  return { line: lines.length, column: last.replace(BOM, '').length + 1 };
}

/** A tree of the value of `JSON.parse`, for what is written here and not read. */
export function jsonTree(value: unknown): JsonNode {
  const parsed = parseJson(JSON.stringify(value));
  if ('error' in parsed) throw new TypeError(`not a JSON value: ${parsed.error.code}`);
  return parsed.tree;
}

class Refused extends Error {
  constructor(readonly reason: JsonError) {
    super(reason.code);
  }
}

const WHITE_SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What somebody may have meant as a number, or as a word. */
const WORD = /[\w.+-]+/y;
// eslint-disable-next-line no-control-regex -- JSON forbids these in strings, so they end a run of plain characters.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const HEX = /[0-9a-fA-F]{4}/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class Parser {
  private at: number;

  constructor(private readonly text: string) {
    this.at = text.startsWith(BOM) ? 1 : 0;
  }

  parse(): JsonNode {
    this.skip();
    if (this.at >= this.text.length) this.refuse('empty');
    const tree = this.value(0);
    this.skip();
    if (this.at < this.text.length) this.refuse('afterEnd');
    return tree;
  }

  private value(depth: number): JsonNode {
    if (depth > MAX_JSON_DEPTH) this.refuse('tooDeep');
    const offset = this.at;
    switch (this.text[offset]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return { kind: 'string', offset, value: this.string() };
      default:
        return this.numberOrLiteral();
    }
  }

  private object(depth: number): JsonObject {
    const offset = this.at;
    const members: JsonMember[] = [];
    const keys = new Set<string>();
    this.items('}', () => {
      const member = this.member(depth);
      if (keys.has(member.key)) this.refuse('duplicateKey', member.offset, member.key);
      keys.add(member.key);
      members.push(member);
    });
    return { kind: 'object', offset, members };
  }

  private member(depth: number): JsonMember {
    const offset = this.at;
    if (this.text[offset] !== '"')
      this.refuse(/[\w$']/.test(this.text[offset] ?? '') ? 'unquotedKey' : 'unexpected');
    const key = this.string();
    this.skip();
    if (this.text[this.at] !== ':') this.refuse('unexpected');
    this.at += 1;
    this.skip();
    return { key, offset, value: this.value(depth + 1) };
  }

  private array(depth: number): JsonArray {
    const offset = this.at;
    const items: JsonNode[] = [];
    this.items(']', () => items.push(this.value(depth + 1)));
    return { kind: 'array', offset, items };
  }

  /** What stands between brackets, separated by commas. */
  private items(end: '}' | ']', readOne: () => void): void {
    this.at += 1;
    this.skip();
    if (this.text[this.at] === end) {
      this.at += 1;
      return;
    }
    for (;;) {
      readOne();
      this.skip();
      const comma = this.at;
      const next = this.text[this.at];
      if (next !== ',' && next !== end) this.refuse('unexpected');
      this.at += 1;
      if (next === end) return;
      this.skip();
      if (this.text[this.at] === end) this.refuse('trailingComma', comma, ',');
    }
  }

  private string(): string {
    this.at += 1;
    let value = '';
    for (;;) {
      value += this.match(PLAIN);
      const next = this.text[this.at];
      if (next === '"') {
        this.at += 1;
        return value;
      }
      if (next !== '\\') this.refuse(next === undefined ? 'unexpectedEnd' : 'lineBreakInString', this.at, '');
      value += this.escape();
    }
  }

  private escape(): string {
    const begin = this.at;
    const letter = this.text[begin + 1] ?? '';
    this.at += 2;
    const plain = ESCAPES.get(letter);
    if (plain !== undefined) return plain;
    const digits = letter === 'u' ? this.match(HEX) : '';
    if (digits === '') this.refuse('badEscape', begin, this.text.slice(begin, begin + 2));
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private numberOrLiteral(): JsonNode {
    const offset = this.at;
    const word = this.match(WORD);
    const literal = LITERALS.get(word);
    if (literal !== undefined) return { kind: 'literal', offset, value: literal };
    this.at = offset;
    const number = this.match(NUMBER);
    if (number !== '' && number === word) return { kind: 'number', offset, text: number };
    return this.refuse(/^[-+.]?\d/.test(word) ? 'badNumber' : 'unexpected', offset, word);
  }

  private skip(): void {
    this.match(WHITE_SPACE);
    if (/^\/[/*]/.test(this.text.slice(this.at, this.at + 2))) this.refuse('comment');
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const matched = pattern.exec(this.text)?.[0] ?? '';
    this.at += matched.length;
    return matched;
  }

  private refuse(code: JsonErrorCode, offset = this.at, found = this.text.slice(offset, offset + 1)): never {
    const isEnd = offset >= this.text.length && code === 'unexpected';
    throw new Refused({ code: isEnd ? 'unexpectedEnd' : code, offset, found: found.slice(0, MAX_FOUND) });
  }
}
