import {
  type DataSet,
  type Element,
  isTime,
  movedDate,
  movedDateTime,
  resolveVr,
  unpaddedEnd,
} from '../data-set';
import type { ByteSource } from '../read';
import {
  AMBIGUOUS_VR,
  isPrivate,
  isPrivateCreator,
  Kind,
  lookUp,
  TAG,
  tagHex,
  tagOf,
  type Vr,
  VR,
} from '../standard';
import { CharacterSet, decodeDefault } from '../text';
import { Action, type Rule, type Rules } from './actions';
import { isPartOfCode, isPublishedCode } from './codes';
import { cappedAge } from './capped-age';
import { dummyValue } from './dummy-values';
import { isOfVr } from './harmless';
import type { Identifiers } from './identifiers';
import { KeptBack } from './kept-back';
import type { Output } from './output';
import { isPixels, writePixels } from './pixels';
import { safePrivateVr } from './safe-private';
import { type AllowedWords, cleanText, isAllowed } from './words';

/** What is put into the place of what. */
export interface Replacements {
  readonly rules: Rules;
  readonly identifiers: Identifiers;
  readonly words: AllowedWords;
  /** By which dates move. */
  readonly days: number;
  readonly patientID: string;
  readonly pseudonym: string;
  /** A report has no text of which a part is missing. */
  readonly isReport: boolean;
  /** Waveforms may be a voice; they stay in objects that are for them, which the user has listed. */
  readonly keepsWaveforms: boolean;
}

/** Attributes that the data set has afterwards, whatever it had. */
export type Given = ReadonlyMap<number, (output: Output) => void>;

/**
 * How text is treated in a sequence: as the table says; or, where the sequence as a whole is to be cleaned or to have dummy
 * values, as words that are allowed, or as dummy values, of the content of a document without its codes.
 */
type Within = 'table' | 'words' | 'content' | 'dummies';

const PATIENT_NAME = 0x00100010;
const PATIENT_ID = 0x00100020;
/** Content Sequence and Graphic Annotation Sequence: what a document consists of. */
const CONTENT: ReadonlySet<number> = new Set([0x0040a730, 0x00700001]);
const TEXT_VALUE = 0x0040a160;
const UNFORMATTED_TEXT_VALUE = 0x00700006;
const WAVEFORMS = 0x5400;
const TIMEZONE_OFFSET = 0x00080201;
const BURNED_IN_ANNOTATION = 0x00280301;
/** Extended Offset Table, its lengths, and the total length: what takes their place is found in the fragments. */
const OFFSET_TABLES: ReadonlySet<number> = new Set([0x7fe00001, 0x7fe00002, 0x7fe00003]);
/** Longer values are not copied. */
const LONG = 4_096;
const LONGEST_TEXT = 1_048_576;
/** Of one object: a function of each costs microseconds, and an image of many frames has some ten thousand. */
const MOST_UIDS = 500_000;
const NO_BYTES = Buffer.alloc(0);

/** Writes what is left of a data set, attribute by attribute, at any depth. What it does not know it does not write. */
export class Cleaner {
  #uids = 0;

  constructor(
    private readonly output: Output,
    private readonly source: ByteSource,
    private readonly transferSyntaxUID: string,
    private readonly replacements: Replacements,
  ) {}

  /** @throws KeptBack */
  dataSet(root: DataSet, given: Given): void {
    const waiting = [...given].sort(([one], [other]) => one - other);
    let next = 0;
    const upTo = (tag: number): void => {
      for (let each = waiting[next]; each !== undefined && each[0] <= tag; each = waiting[next]) {
        each[1](this.output);
        next += 1;
      }
    };
    const blocks = this.#safeBlocks(root);
    for (const element of root.elements) {
      upTo(element.tag);
      if (!given.has(element.tag)) this.#element(root, element, 'table', blocks);
    }
    upTo(LAST_TAG);
  }

  #item(item: DataSet, within: Within): void {
    const open = this.output.item();
    const blocks = this.#safeBlocks(item);
    for (const element of item.elements) this.#element(item, element, within, blocks);
    this.output.close(open);
  }

  #element(dataSet: DataSet, element: Element, within: Within, blocks: ReadonlySet<number>): void {
    const { tag } = element;
    if (element.bigEndian) throw new KeptBack('unreadable', 'the object is big endian, and does not say so');
    const rule = this.replacements.rules.of(tag);
    if (rule === undefined) this.#private(dataSet, element, blocks);
    else if (tag === TAG.SpecificCharacterSet) this.#characterSet(element);
    else if (isPixels(tag)) this.#pixels(dataSet, element);
    else if (!OFFSET_TABLES.has(tag)) this.#public(dataSet, element, within, rule);
  }

  #public(dataSet: DataSet, element: Element, within: Within, rule: Rule): void {
    const { tag, length } = element;
    if (rule.action === Action.Remove) return;
    if (tag >>> 16 === WAVEFORMS && !this.replacements.keepsWaveforms) return;
    if (tag === BURNED_IN_ANNOTATION) this.#expectNothingBurnedIn(element);
    const known = lookUp(tag)?.vr ?? VR.UN;
    if (known === VR.SQ) {
      this.#sequence(element, within, rule);
      return;
    }
    const vr = writtenVr(dataSet, element, known);
    if (tag === PATIENT_ID || tag === PATIENT_NAME) {
      this.#patient(dataSet, element, vr);
    } else if (length === 0) {
      this.output.element(tag, vr, NO_BYTES);
    } else if (
      element.items !== undefined ||
      element.fragments !== undefined ||
      !fits(dataSet, element, known)
    ) {
      this.#instead(
        element,
        vr,
        rule.action === Action.Keep || rule.action === Action.Clean ? rule.strict : rule.action,
      );
    } else {
      this.#value(dataSet, element, vr, within, rule);
    }
  }

  #value(dataSet: DataSet, element: Element, vr: Vr, within: Within, rule: Rule): void {
    const { tag } = element;
    if (tag === TEXT_VALUE || tag === UNFORMATTED_TEXT_VALUE) {
      this.#textWithin(dataSet, element, vr, within);
      return;
    }
    switch (rule.action) {
      case Action.Clean:
        this.#write(element, vr, this.#cleaned(dataSet, element, vr), rule.strict);
        return;
      case Action.Keep:
        if (isPartOfCode(tag) ? within !== 'dummies' && isPublishedCode(dataSet) : within === 'table')
          this.#keep(element, vr, rule);
        else if (isTextual(vr)) this.#textWithin(dataSet, element, vr, this.#withinCode(within));
        // A code may be a URN, of which no words are left.
        else if (vr.kind === Kind.Uri) this.#instead(element, vr, Action.Dummy);
        else this.#keep(element, vr, rule);
        return;
      case Action.Dummy:
        this.#instead(element, vr, vr.kind === Kind.Uid ? Action.Uid : Action.Dummy);
        return;
      default:
        this.#instead(element, vr, rule.action);
    }
  }

  /** Codes of local schemes are text of somebody: who cleans descriptions keeps their allowed words. */
  #withinCode(within: Within): Within {
    const { options } = this.replacements.rules;
    return within === 'table' && options.has('clean-descriptors') ? 'words' : within;
  }

  /** What is written where a value cannot stay. */
  #instead(element: Element, vr: Vr, action: Action): void {
    const { tag } = element;
    switch (action) {
      case Action.Empty:
        this.output.element(tag, vr, NO_BYTES);
        return;
      case Action.Dummy:
        this.output.element(tag, vr, dummyValue(vr));
        return;
      case Action.Uid:
        this.output.element(tag, vr, this.#otherUids(element));
        return;
      default:
    }
  }

  #write(element: Element, vr: Vr, value: Buffer | undefined, otherwise: Action): void {
    if (value === undefined) this.#instead(element, vr, otherwise);
    else this.output.element(element.tag, vr, value);
  }

  #sequence(element: Element, within: Within, rule: Rule): void {
    const { tag, items } = element;
    // Nobody could read it as one.
    if (items === undefined && element.length > 0) return;
    const open = this.output.sequence(tag);
    if (rule.action !== Action.Empty)
      for (const item of items ?? []) this.#item(item, withinSequence(tag, rule, within));
    this.output.close(open);
  }

  /** Whose the object is: nested, it may be somebody else's. */
  #patient(dataSet: DataSet, element: Element, vr: Vr): void {
    const { patientID, pseudonym } = this.replacements;
    const isSame =
      dataSet.parent === undefined || (element.tag === PATIENT_ID && this.#ascii(element) === patientID);
    this.output.element(element.tag, vr, isSame ? Buffer.from(pseudonym, 'latin1') : NO_BYTES);
  }

  /** Whatever VR it was sent with, and in items, too. */
  #expectNothingBurnedIn(element: Element): void {
    if (element.length > 0 && this.#ascii(element).toUpperCase() !== 'NO')
      throw new KeptBack('burned-in', 'Burned In Annotation (0028,0301) is not NO');
  }

  #keep(element: Element, vr: Vr, rule: Rule): void {
    const { tag, length } = element;
    if (vr === VR.AS) {
      const age = cappedAge(this.#ascii(element));
      this.#write(element, vr, age === undefined ? undefined : Buffer.from(age, 'latin1'), rule.strict);
      return;
    }
    const isNumbers = vr.kind === Kind.Bytes || vr.kind === Kind.Binary;
    if (isNumbers && length > LONG) {
      if (length % vr.width === 0) this.output.long(tag, vr, element.offset, length);
      return;
    }
    const bytes = length > LONGEST_TEXT ? undefined : this.#bytes(element, vr);
    this.#write(element, vr, bytes !== undefined && isOfVr(bytes, vr) ? bytes : undefined, rule.strict);
  }

  /** @returns undefined where nothing is left */
  #cleaned(dataSet: DataSet, element: Element, vr: Vr): Buffer | undefined {
    const { days, words } = this.replacements;
    if (isTextual(vr)) {
      if (element.tag === TIMEZONE_OFFSET) return this.#ifAscii(element, (text) => /^[+-]\d{4}$/.test(text));
      return this.#onlyWords(dataSet, element, vr, words);
    }
    switch (vr) {
      case VR.DA:
        return this.#each(element, (text) => movedDate(text, days));
      case VR.DT:
        return this.#each(element, (text) => movedDateTime(text, days));
      case VR.TM:
        return this.#each(element, (text) => (isTime(text) ? text : undefined));
      default:
        return undefined;
    }
  }

  /** Text in a sequence of which every text is to be cleaned or replaced. */
  #textWithin(dataSet: DataSet, element: Element, vr: Vr, within: Within): void {
    const { words, isReport } = this.replacements;
    if (within !== 'words') {
      this.#instead(element, vr, Action.Dummy);
      return;
    }
    if (isReport && element.tag === TEXT_VALUE && !isAllowed(this.#text(dataSet, element, vr), words))
      throw new KeptBack('report-text', 'a text of the report has words that are not allowed');
    this.#write(element, vr, this.#onlyWords(dataSet, element, vr, words), Action.Dummy);
  }

  #onlyWords(dataSet: DataSet, element: Element, vr: Vr, words: AllowedWords): Buffer | undefined {
    if (words.size === 0 || element.length > LONGEST_TEXT) return undefined;
    const text = this.#text(dataSet, element, vr);
    const values = vr.kind === Kind.LongText ? [text] : text.split('\\');
    const cleaned = values.map((value) => cleanText(value, words));
    if (cleaned.every((value) => value === '')) return undefined;
    return dataSet.characterSet.encode(cleaned.join('\\'));
  }

  /** Values of text with a backslash between them. */
  #text(dataSet: DataSet, element: Element, vr: Vr): string {
    if (element.length > LONGEST_TEXT)
      throw new KeptBack('too-long', `(${tagHex(element.tag)}) is too long to be cleaned`);
    const bytes = this.#bytes(element, vr);
    const { characterSet } = dataSet;
    if (vr.kind === Kind.LongText) return characterSet.decode(bytes, 0, bytes.length);
    return characterSet.decodeValues(bytes, 0, bytes.length, vr.kind === Kind.Name).join('\\');
  }

  /** Each value on its own; undefined: one of them is none. */
  #each(element: Element, change: (text: string) => string | undefined): Buffer | undefined {
    if (element.length > LONG) return undefined;
    const values = this.#ascii(element)
      .split('\\')
      .map((text) => (text.trim() === '' ? '' : change(text.trim())));
    return values.includes(undefined) ? undefined : Buffer.from(values.join('\\'), 'latin1');
  }

  #ifAscii(element: Element, isRight: (text: string) => boolean): Buffer | undefined {
    const text = this.#ascii(element);
    return isRight(text) ? Buffer.from(text, 'latin1') : undefined;
  }

  #otherUids(element: Element): Buffer {
    const { identifiers, rules } = this.replacements;
    const ofInstance = rules.isListed(element.tag);
    const uids = this.#ascii(element).split('\\');
    this.#uids += uids.length;
    if (this.#uids > MOST_UIDS) throw new KeptBack('too-long', `the object has more than ${MOST_UIDS} UIDs`);
    const other = (value: string): string => {
      // What stands behind a NUL is none of it, and would make another one of it.
      const [uid = ''] = value.split('\0', 1);
      return uid === '' ? '' : identifiers.uid(uid.trim(), ofInstance);
    };
    return Buffer.from(uids.map(other).join('\\'), 'latin1');
  }

  /** Text to which Specific Character Set does not apply. */
  #ascii(element: Element): string {
    if (element.length > LONGEST_TEXT)
      throw new KeptBack('too-long', `(${tagHex(element.tag)}) is too long to be looked at`);
    const bytes = this.#bytes(element, VR.CS);
    return decodeDefault(bytes, 0, bytes.length).trim();
  }

  /** Of text, without padding. */
  #bytes({ bytes, start, offset, length }: Element, { kind }: Vr): Buffer {
    if (bytes === undefined) return unpadded(this.source.read(offset, length), 0, length, kind);
    return unpadded(bytes, start, start + length, kind);
  }

  /** What names no character set is not needed to read text. */
  #characterSet(element: Element): void {
    const bytes = element.length > LONG ? NO_BYTES : this.#bytes(element, VR.CS);
    let isStandard = true;
    CharacterSet.of(bytes.toString('latin1'), () => (isStandard = false));
    if (isStandard) this.output.element(element.tag, VR.CS, bytes);
  }

  #pixels(dataSet: DataSet, element: Element): void {
    // An item has none but in an icon.
    if (dataSet.parent !== undefined) return;
    const vr = writtenVr(dataSet, element, lookUp(element.tag)?.vr ?? VR.OW);
    writePixels(this.output, this.source, dataSet, element, vr, this.transferSyntaxUID);
  }

  /** Blocks of private attributes of which at least one is kept. */
  #safeBlocks(dataSet: DataSet): ReadonlySet<number> {
    if (!this.replacements.rules.options.has('retain-safe-private')) return NO_BLOCKS;
    const safe = dataSet.elements.filter((element) => this.#safeValue(dataSet, element) !== undefined);
    return new Set(safe.map(({ tag }) => tagOf(tag >>> 16, (tag & 0xff00) >>> 8)));
  }

  #private(dataSet: DataSet, element: Element, blocks: ReadonlySet<number>): void {
    if (blocks.size === 0) return;
    const { tag } = element;
    if (isPrivateCreator(tag)) {
      if (blocks.has(tag)) this.output.element(tag, VR.LO, this.#bytes(element, VR.LO));
      return;
    }
    const value = this.#safeValue(dataSet, element);
    if (value !== undefined) this.output.element(tag, value.vr, value.bytes);
  }

  #safeValue(dataSet: DataSet, element: Element): { vr: Vr; bytes: Buffer } | undefined {
    const { tag, length, items, fragments } = element;
    if (!isPrivate(tag) || isPrivateCreator(tag) || items !== undefined || fragments !== undefined)
      return undefined;
    const creator = dataSet.privateCreator(tag);
    const vr = creator === undefined ? undefined : safePrivateVr(creator, tag);
    if (vr === undefined || length > LONG || (element.vr !== vr && element.vr !== VR.UN)) return undefined;
    const bytes = this.#bytes(element, vr);
    // Those with text are ratios.
    const isSafe = isTextual(vr) ? /^[\d.: ]*$/.test(bytes.toString('latin1')) : isOfVr(bytes, vr);
    return isSafe ? { vr, bytes } : undefined;
  }
}

const NO_BLOCKS: ReadonlySet<number> = new Set();
const LAST_TAG = 0xffffffff;

/** Text in which something may be said. */
function isTextual({ kind }: Vr): boolean {
  return kind === Kind.Text || kind === Kind.LongText;
}

function unpadded(bytes: Buffer, start: number, end: number, kind: Kind): Buffer {
  const isText = kind !== Kind.Bytes && kind !== Kind.Binary && kind !== Kind.Tag;
  return bytes.subarray(start, isText ? unpaddedEnd(bytes, start, end) : end);
}

function withinSequence(tag: number, { action }: Rule, around: Within): Within {
  if (action === Action.Clean) return 'words';
  if (action === Action.Dummy) return CONTENT.has(tag) ? 'content' : 'dummies';
  return around;
}

/** Has it been sent as what PS3.6 has, or as another kind of text? What else it may hold nobody knows. */
function fits(dataSet: DataSet, element: Element, known: Vr): boolean {
  const sent = resolveVr(dataSet, element);
  if (sent === known || (isTextual(sent) && isTextual(known))) return true;
  switch (known) {
    case AMBIGUOUS_VR.xs:
      return sent === VR.US || sent === VR.SS;
    case AMBIGUOUS_VR.ox:
      return sent === VR.OB || sent === VR.OW;
    case AMBIGUOUS_VR.lt:
      return sent === VR.US || sent === VR.SS || sent === VR.OW;
    default:
      return false;
  }
}

function writtenVr(dataSet: DataSet, element: Element, known: Vr): Vr {
  if (fits(dataSet, element, known)) return resolveVr(dataSet, element);
  if (known === AMBIGUOUS_VR.xs) return dataSet.pixelsSigned ? VR.SS : VR.US;
  return known === AMBIGUOUS_VR.ox || known === AMBIGUOUS_VR.lt ? VR.OW : known;
}
