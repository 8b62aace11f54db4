import {
  BINARY_INLINE_LIMIT,
  MESSAGE_INLINE_LIMIT,
  NUMBERS_INLINE_LIMIT,
  TEXT_INLINE_LIMIT,
} from '../limits';
import type { Cursor, Encoding, StructureVisitor } from '../read';
import { isPrivate, isPrivateCreator, Kind, lookUp, TAG, tagHex, tagOf, type Vr, VR } from '../standard';
import { CharacterSet, trimmed } from '../text';
import type { WarningCode, Warnings } from '../warnings';
import { decodeText, isMostlyUtf8 } from './assumed-text';
import type { Value } from './value';

/** A data element: where its value is, and its bytes when they will be needed. */
export class Element {
  /** What the message contains instead of its values, so that they identify nobody. */
  placeholders: ((vr: Vr) => Value[]) | undefined;

  constructor(
    readonly tag: number,
    /** As sent, or as the dictionary says in implicit VR. */
    readonly vr: Vr,
    /** Where the value begins in the source. */
    readonly offset: number,
    /** Of its value in the source; of a sequence, with its delimiter. */
    public length: number,
    readonly bigEndian: boolean,
    /** The value is bytes[start] to bytes[start + length]; undefined for bulk data. */
    readonly bytes: Buffer | undefined,
    readonly start: number,
    readonly items: DataSet[] | undefined,
    /** Number of fragments of an encapsulated value, without its offset table. */
    readonly fragments: number | undefined,
  ) {}
}

/** A data set or an item of a sequence. */
export class DataSet {
  elements: Element[] = [];
  #declared: { set: CharacterSet | undefined } | undefined;
  #mostlyUtf8: boolean | undefined;
  #pixelsSigned: boolean | undefined;
  #creators: Map<number, string> | undefined;

  constructor(
    readonly warnings: Warnings,
    readonly parent?: DataSet,
    /** The sequence that it is an item of. */
    readonly parentTag = 0,
    readonly index = 0,
  ) {}

  find(tag: number): Element | undefined {
    const { elements } = this;
    let low = 0;
    let high = elements.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const element = elements[middle];
      if (element === undefined) return undefined;
      if (element.tag === tag) return element;
      if (element.tag < tag) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Its own Specific Character Set, or that of what encloses it (PS3.3 C.12.1.1.2); undefined: none that means anything. */
  get declaredCharacterSet(): CharacterSet | undefined {
    if (this.#declared === undefined) this.#declared = { set: this.#findCharacterSet() };
    return this.#declared.set;
  }

  /** What bytes below 0x80 are read in. */
  get characterSet(): CharacterSet {
    return this.declaredCharacterSet ?? CharacterSet.DEFAULT;
  }

  #findCharacterSet(): CharacterSet | undefined {
    const element = this.find(TAG.SpecificCharacterSet);
    if (element?.bytes === undefined || element.length === 0) return this.parent?.declaredCharacterSet;
    const terms = element.bytes.toString('latin1', element.start, element.start + element.length);
    return CharacterSet.of(terms, (text) => this.warn('character-set', TAG.SpecificCharacterSet, text));
  }

  /** The data set that this is an item of, however deep. */
  get root(): DataSet {
    return this.parent?.root ?? this;
  }

  /** Of the root: what to read text in that declares no character set, or one that cannot be. */
  expectedCharacterSet = CharacterSet.LATIN_1;

  /** Of the root: more of its texts are UTF-8 than are not. */
  get isMostlyUtf8(): boolean {
    return (this.#mostlyUtf8 ??= isMostlyUtf8(this));
  }

  /** Pixel Representation, which decides between US and SS, here or in what encloses it. */
  get pixelsSigned(): boolean {
    return (this.#pixelsSigned ??= this.#findPixelsSigned());
  }

  #findPixelsSigned(): boolean {
    const element = this.find(TAG.PixelRepresentation);
    if (element?.bytes === undefined || element.length < 2) return this.parent?.pixelsSigned ?? false;
    const { bytes, start, bigEndian } = element;
    return (bigEndian ? bytes.readUInt16BE(start) : bytes.readUInt16LE(start)) === 1;
  }

  /** Does it, or what encloses it, say what `pixelsSigned` is? */
  get hasPixelRepresentation(): boolean {
    const { length = 0 } = this.find(TAG.PixelRepresentation) ?? {};
    return length >= 2 || this.parent?.hasPixelRepresentation === true;
  }

  /** The Private Creator that has reserved the block of a private data element (PS3.5 7.8.1). */
  privateCreator(tag: number): string | undefined {
    if (!isPrivate(tag) || isPrivateCreator(tag)) return undefined;
    this.#creators ??= this.#findCreators();
    return this.#creators.get(tagOf(tag >>> 16, (tag & 0xff00) >>> 8));
  }

  #findCreators(): Map<number, string> {
    const creators = new Map<number, string>();
    for (const { tag, bytes, start, length } of this.elements) {
      if (!isPrivateCreator(tag) || bytes === undefined || length === 0) continue;
      creators.set(
        tag,
        trimmed(
          decodeText(this, tag, bytes, start, start + length, (set) => [
            set.decode(bytes, start, start + length),
          ])[0] ?? '',
        ),
      );
    }
    return creators;
  }

  warn(code: WarningCode, tag: number, text: string): void {
    this.warnings.add(code, () => this.path(tag), text);
  }

  path(tag: number): string {
    const within = this.parent === undefined ? '' : `${this.parent.path(this.parentTag)}[${this.index}].`;
    return within + tagHex(tag);
  }
}

/** Builds the tree of a data set while it is walked. Values stay where they are: in the window they were read in. */
export class DataSetBuilder implements StructureVisitor {
  readonly root: DataSet;
  readonly #cursor: Cursor;
  readonly #warnings: Warnings;
  #dataSet: DataSet;
  /** Bytes of the values that are needed. */
  inlined = 0;
  /** Of the data set and of all items in it. */
  elements = 0;
  /** The sequences that are open, outermost first. */
  readonly #open: { element: Element; items: DataSet[]; owner: DataSet }[] = [];

  /** @param root what is read is added to it */
  constructor(cursor: Cursor, warnings: Warnings, root = new DataSet(warnings)) {
    this.#cursor = cursor;
    this.#warnings = warnings;
    this.root = this.#dataSet = root;
  }

  /** The data set or item that is being read. */
  get current(): DataSet {
    return this.#dataSet;
  }

  element(tag: number, vr: Vr, offset: number, length: number, encoding: Encoding): void {
    this.elements += 1;
    const bigEndian = encoding.bigEndian && vr !== VR.UN;
    this.#add(tag, vr, offset, length, bigEndian, undefined);
  }

  #add(
    tag: number,
    vr: Vr,
    offset: number,
    length: number,
    bigEndian: boolean,
    items: DataSet[] | undefined,
  ): Element {
    const cursor = this.#cursor;
    const wanted = length <= inlineLimit(tag, vr) && this.inlined + length <= MESSAGE_INLINE_LIMIT;
    if (wanted) this.inlined += length;
    const start = wanted ? cursor.ensure(offset, length) : 0;
    const bytes = wanted ? cursor.bytes : undefined;
    const element = new Element(tag, vr, offset, length, bigEndian, bytes, start, items, undefined);
    this.#dataSet.elements.push(element);
    return element;
  }

  fragments(tag: number, vr: Vr, offset: number, length: number, count: number): void {
    this.#dataSet.elements.push(new Element(tag, vr, offset, length, false, undefined, 0, undefined, count));
  }

  beginSequence(tag: number, vr: Vr, offset: number, length: number): void {
    const items: DataSet[] = [];
    let element: Element;
    if (vr === VR.SQ) {
      element = new Element(tag, vr, offset, 0, false, undefined, 0, items, undefined);
      this.#dataSet.elements.push(element);
    } else {
      // Whoever wants to see what was sent wants its bytes.
      element = this.#add(tag, vr, offset, length, false, items);
    }
    this.#open.push({ element, items, owner: this.#dataSet });
  }

  beginItem(): void {
    this.elements += 1;
    const sequence = this.#open.at(-1);
    if (sequence === undefined) return;
    this.#dataSet = new DataSet(this.#warnings, sequence.owner, sequence.element.tag, sequence.items.length);
    sequence.items.push(this.#dataSet);
  }

  endItem(disordered: boolean): void {
    if (disordered) inOrder(this.#dataSet);
    this.#dataSet = this.#dataSet.parent ?? this.#dataSet;
  }

  endSequence(end: number): void {
    const element = this.#open.pop()?.element;
    if (element !== undefined) element.length = end - element.offset;
  }
}

/** Values up to this many bytes are needed. */
function inlineLimit(tag: number, vr: Vr): number {
  if (tag === TAG.PixelData || tag === TAG.FloatPixelData || tag === TAG.DoubleFloatPixelData) return -1;
  switch (vr.kind) {
    case Kind.Bytes:
      return inlineLimitOfBytes(tag);
    case Kind.Binary:
    case Kind.Tag:
      return NUMBERS_INLINE_LIMIT;
    case Kind.Text:
    case Kind.LongText:
    case Kind.Name:
    case Kind.Code:
    case Kind.Uid:
    case Kind.Uri:
    case Kind.Decimal:
    case Kind.Integer:
    case Kind.Sequence:
      return TEXT_INLINE_LIMIT;
  }
}

/** What was sent as bytes may be an attribute of the dictionary that is none. */
function inlineLimitOfBytes(tag: number): number {
  const known = lookUp(tag)?.vr;
  if (known === undefined || known.kind === Kind.Bytes || known === VR.SQ) return BINARY_INLINE_LIMIT;
  return inlineLimit(tag, known);
}

/** Of two elements with one tag the last counts. */
function inOrder(dataSet: DataSet): void {
  const last = new Map<number, Element>();
  for (const element of dataSet.elements) last.set(element.tag, element);
  dataSet.elements = [...last.values()].sort((a, b) => a.tag - b.tag);
}
