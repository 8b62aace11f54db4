import { isPrivate, lookUp, tagHex, tagOf, tagOfKeyword } from '../standard';

/** An attribute as an operation names it. */
export interface AttributeName {
  /** With a creator, the block is not known: 0 stands for it. */
  readonly tag: number;
  /** Private Creator that has reserved the block (PS3.5 7.8.1). */
  readonly creator?: string;
}

/** One level of a path. */
export interface PathStep<Item = number> {
  readonly name: AttributeName;
  /** The item of the sequence, from 0 on; undefined: the attribute itself. */
  readonly item: Item | undefined;
}

/** In the path of a rule: all items of a sequence. */
export const ALL_ITEMS = '*';
export type RuleStep = PathStep<number | typeof ALL_ITEMS>;

/** Why a path is none. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

const LONGEST_PATH = 2_048;
const LONGEST_CREATOR = 64;
const MOST_ITEM_DIGITS = 7;
const KEYWORD = /^[A-Za-z][A-Za-z0-9]{0,63}$/;
const HEX_TAG = /^[0-9A-Fa-f]{8}$/;
const HEX_GROUP = /^[0-9A-Fa-f]{4}$/;
const HEX_ELEMENT = /^[0-9A-Fa-f]{2}$/;

/**
 * The levels of a path, outermost first: `PatientID`, `00100020`, `0019"SIEMENS MR HEADER"0C` (group, Private Creator, and
 * the last two digits of the element; a quote within the creator is doubled), with `[n].` for what is in item n of a sequence.
 * @throws PathError
 */
export function parsePath(path: string): PathStep[] {
  return parseSteps(path, itemNumber);
}

/** The same with `[*].`, or `.*.`, for what is in all items of a sequence. @throws PathError */
export function parseRulePath(path: string): RuleStep[] {
  return parseSteps(path, (text) => (text === ALL_ITEMS ? ALL_ITEMS : itemNumber(text)));
}

function parseSteps<Item>(path: string, parseItem: (text: string) => Item | undefined): PathStep<Item>[] {
  if (path.length > LONGEST_PATH) throw new PathError(`a path has at most ${LONGEST_PATH} characters`);
  const steps: PathStep<Item>[] = [];
  for (let at = 0; ;) {
    const end = nameEnd(path, at);
    const name = parseName(path.slice(at, end));
    if (end === path.length) {
      steps.push({ name, item: undefined });
      return steps;
    }
    const [text, next] = itemAt(path, end);
    const item = parseItem(text);
    if (item === undefined)
      throw new PathError('what is in a sequence is named by its item, as Sequence[0].Attribute');
    if (path[next] !== '.')
      throw new PathError('a path ends with an attribute, not with an item: Sequence[0].Attribute');
    steps.push({ name, item });
    at = next + 1;
  }
}

/** What stands for the item, and where that ends. */
function itemAt(path: string, start: number): [text: string, end: number] {
  if (path.startsWith('.*', start)) return [ALL_ITEMS, start + 2];
  const close = path.indexOf(']', start);
  return path[start] !== '[' || close < 0 ? ['', start] : [path.slice(start + 1, close), close + 1];
}

/** The path that names these levels. */
export function formatPath(steps: readonly PathStep[]): string {
  return steps.map(({ name, item }) => formatName(name) + (item === undefined ? '' : `[${item}].`)).join('');
}

/** As a path, or the key of an item, has it: by keyword where there is one. */
export function formatName({ tag, creator }: AttributeName): string {
  const hex = tagHex(tag);
  if (creator === undefined) return lookUp(tag)?.keyword ?? hex;
  return `${hex.slice(0, 4)}"${creator.replaceAll('"', '""')}"${hex.slice(6)}`;
}

/** Where the name that begins here ends: brackets and dots within quotes are the creator's. */
function nameEnd(path: string, start: number): number {
  let isQuoted = false;
  for (let at = start; at < path.length; at += 1) {
    const character = path[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === '[' || character === '.')) return at;
  }
  return path.length;
}

function itemNumber(digits: string): number | undefined {
  const isNumber = digits.length > 0 && digits.length <= MOST_ITEM_DIGITS && /^(?:0|[1-9]\d*)$/.test(digits);
  return isNumber ? Number(digits) : undefined;
}

/** One name of a path, or the key of an attribute in an item. @throws PathError */
export function parseName(text: string): AttributeName {
  const quote = text.indexOf('"');
  const name = quote < 0 ? plainName(text) : privateName(text, quote);
  expectChangeable(name);
  return name;
}

function plainName(text: string): AttributeName {
  if (HEX_TAG.test(text)) return { tag: parseInt(text, 16) };
  const tag = KEYWORD.test(text) ? tagOfKeyword(text) : undefined;
  if (tag === undefined)
    throw new PathError('not a keyword of PS3.6, nor a tag of eight hexadecimal digits; check its spelling');
  return { tag };
}

function privateName(text: string, quote: number): AttributeName {
  const last = text.lastIndexOf('"');
  const [group, element] = [text.slice(0, quote), text.slice(last + 1)];
  const creator = text.slice(quote + 1, last);
  if (last === quote || !HEX_GROUP.test(group) || !HEX_ELEMENT.test(element) || hasSingleQuote(creator))
    throw new PathError('a private attribute is named as 0019"CREATOR"0C: group, creator, element');
  return ofCreator(tagOf(parseInt(group, 16), parseInt(element, 16)), creator.replaceAll('""', '"'));
}

/** @param tag whatever its block is. @throws PathError */
export function ofCreator(tag: number, creator: string): AttributeName {
  const name = { tag: tagOf(tag >>> 16, tag & 0xff), creator: creator.trim() };
  if (!isPrivate(tag)) throw new PathError('only attributes of an odd group have a creator');
  if (!isCreator(name.creator))
    throw new PathError(
      `a private creator has 1 to ${LONGEST_CREATOR} characters of ASCII, without backslash`,
    );
  return name;
}

function hasSingleQuote(text: string): boolean {
  return text.replaceAll('""', '').includes('"');
}

/** Can a path have it? That of an object may be in any character set. */
export function isCreator(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_CREATOR && /^[\x20-\x5b\x5d-\x7e]+$/.test(text);
}

/** Of a command set, of file meta information, of items. */
const NO_DATA_SET_GROUPS: ReadonlySet<number> = new Set([0x0000, 0x0002, 0xfffe]);

/** What changes with the others, or is no attribute of an object. */
function expectChangeable({ tag, creator }: AttributeName): void {
  if (NO_DATA_SET_GROUPS.has(tag >>> 16))
    throw new PathError('not an attribute of a data set; the file meta information follows the data set');
  if (creator === undefined && (tag & 0xffff) === 0) throw new PathError('group lengths are calculated');
}

/** Odd ones that private attributes may not have (PS3.5 7.8). */
const NO_PRIVATE_GROUPS: ReadonlySet<number> = new Set([0x0001, 0x0003, 0x0005, 0x0007, 0xffff]);

/** What an object has there may be removed; nothing is put there. @throws PathError */
export function expectSettable({ tag }: AttributeName): void {
  if (NO_PRIVATE_GROUPS.has(tag >>> 16))
    throw new PathError('private attributes are in odd groups from 0009 to FFFD (PS3.5 7.8)');
}

/** Equal for names of the same attribute. */
export function nameKey({ tag, creator }: AttributeName): string | number {
  return creator === undefined ? tag : `${tagHex(tag)}${creator}`;
}
