import { inflateRawSync } from 'node:zlib';
import { metaOf } from './corpus-objects';

/** An attribute of the DICOM JSON Model as any implementation writes it. */
export interface Attribute {
  vr: string;
  Value?: unknown[];
  InlineBinary?: string;
  BulkDataURI?: string;
  Offset?: number;
  Length?: number;
}
export type Model = Record<string, Attribute>;

/**
 * The known differences between the other implementations and the Standard, and what is done about each. Everything else
 * is unexplained, and a failure.
 */
export const CAUSES = {
  'character set': '(0008,0005) is that of the source, not ISO_IR 192 (PS3.18 F.2.2 Note 3)',
  'floating point': 'a rounded decimal; ours is the IEEE 754 value (PS3.5 6.2 FL, FD), equal after rounding',
  'decimal string':
    'the text instead of the number, or longer than 16 bytes and therefore quoted (PS3.18 F.2.3)',
  'name delimiters': 'trailing ^ left out; ours is as sent (PS3.5 6.2.1.1 allows both)',
  'unknown VR': 'kept as UN; ours is read with the dictionary (PS3.5 6.2.2)',
  'bulk data': 'inlined; ours is a reference, and the bytes it refers to are the same (PS3.18 F.2.6)',
  'blank text': '[null] or a blank for a value of spaces; ours has no Value (PS3.18 F.2.5)',
  'pixel data': 'encapsulated pixel data is refused or inlined; compared by its facts elsewhere',
  'trailing padding': '(FFFC,FFFC) is lost when dcmodify writes the copy without pixel data',
  padding: 'leading or trailing spaces kept; they are not significant (PS3.5 Table 6.2-1)',
  'two against one': 'another implementation has the same as ours',
  'ISO_IR 203':
    'Latin-9 is not known to pydicom 2.3 (PS3.3 C.12.1.1.2 since 2020); its table has a test of its own',
  'empty value': 'an empty value among several written as "" or left out; null (PS3.18 F.2.5)',
} as const;
export type Cause = keyof typeof CAUSES;

export interface Tally {
  objects: number;
  attributes: number;
  causes: Partial<Record<Cause, number>>;
  unexplained: string[];
  /** "object path" of every attribute that was equal, or different for a known cause. */
  confirmed: Set<string>;
}

export const newTally = (): Tally => ({
  objects: 0,
  attributes: 0,
  causes: {},
  unexplained: [],
  confirmed: new Set(),
});

/** Compares the attributes of one object and counts the differences by cause. */
export class Comparison {
  readonly #tally: Tally;
  readonly #object: string;
  readonly #bytes: Buffer;
  readonly #bigEndian: boolean;
  readonly #deflated: Buffer | undefined;
  readonly #encapsulated: boolean;

  readonly #other: Tally | undefined;

  /** @param other a comparison with another implementation, which may have confirmed ours already */
  constructor(tally: Tally, object: string, bytes: Buffer, other?: Tally) {
    this.#other = other;
    this.#tally = tally;
    this.#object = object;
    this.#bytes = bytes;
    const { transferSyntaxUID, dataSetOffset } = metaOf(bytes);
    this.#bigEndian = transferSyntaxUID === '1.2.840.10008.1.2.2';
    this.#deflated =
      transferSyntaxUID === '1.2.840.10008.1.2.1.99'
        ? inflateRawSync(bytes.subarray(dataSetOffset))
        : undefined;
    this.#encapsulated = /^1\.2\.840\.10008\.1\.2\.[458]/.test(transferSyntaxUID);
    tally.objects += 1;
  }

  dataSets(ours: Model, theirs: Model, path = ''): void {
    for (const tag of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      this.#tally.attributes += 1;
      const here = path + tag;
      const mine = ours[tag];
      const other = theirs[tag];
      const before = this.#tally.unexplained.length;
      if (mine !== undefined && other !== undefined) this.#attributes(mine, other, tag, here);
      else if (/^7FE000(08|09|10)$/.test(tag)) this.#count('pixel data');
      else if (tag === 'FFFCFFFC' && this.#encapsulated) this.#count('trailing padding');
      else this.#unexplained(here, mine, other);
      if (this.#tally.unexplained.length === before) this.#tally.confirmed.add(`${this.#object} ${here}`);
    }
  }

  #attributes(mine: Attribute, other: Attribute, tag: string, path: string): void {
    if (other.vr === 'UN' && mine.vr !== 'UN') {
      this.#count('unknown VR');
    } else if (mine.vr !== other.vr) {
      this.#unexplained(path, mine, other);
    } else if (mine.vr === 'SQ') {
      const items = (mine.Value ?? []) as Model[];
      const others = (other.Value ?? []) as Model[];
      if (items.length !== others.length) this.#unexplained(path, mine, other);
      else items.forEach((item, index) => this.dataSets(item, others[index] ?? {}, `${path}[${index}].`));
    } else if (mine.Length !== undefined) {
      this.#bulk(mine, other, path);
    } else if (JSON.stringify(sorted(mine)) !== JSON.stringify(sorted(other))) {
      const cause =
        tag === '00080005' && other.Value?.[0] === 'ISO_IR 192' ? 'character set' : explain(mine, other);
      if (cause === undefined) this.#unexplained(path, mine, other);
      else this.#count(cause);
    }
  }

  #bulk(mine: Attribute, other: Attribute, path: string): void {
    if (other.InlineBinary === undefined) return this.#unexplained(path, mine, other);
    const theirs = Buffer.from(other.InlineBinary, 'base64');
    const { Offset: offset, Length: length = 0 } = mine;
    // A reference into a deflated object has no offset: the value is looked for in what it inflates to.
    const own =
      offset === undefined
        ? (this.#deflated?.includes(theirs) ?? false) && theirs.length === length
        : this.#value(this.#bytes.subarray(offset, offset + length), mine.vr).equals(theirs);
    if (own) this.#count('bulk data');
    else if (path.endsWith('7FE00010')) this.#count('pixel data');
    else this.#unexplained(path, mine, other);
  }

  #value(bytes: Buffer, vr: string): Buffer {
    return this.#bigEndian && vr === 'OW' ? Buffer.from(bytes).swap16() : bytes;
  }

  #count(cause: Cause): void {
    this.#tally.causes[cause] = (this.#tally.causes[cause] ?? 0) + 1;
  }

  #unexplained(path: string, mine: unknown, other: unknown): void {
    if (this.#other?.confirmed.has(`${this.#object} ${path}`) === true) return this.#count('two against one');
    if (this.#object.endsWith('/latin9.dcm')) return this.#count('ISO_IR 203');
    const short = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 120);
    this.#tally.unexplained.push(`${this.#object} ${path}: ours ${short(mine)}, theirs ${short(other)}`);
  }
}

/** Members of a person name have no order. */
function sorted(attribute: Attribute): unknown[] {
  const values = attribute.Value?.map((value) =>
    typeof value === 'object' && value !== null ? Object.entries(value).sort() : value,
  );
  return [attribute.vr, values, attribute.InlineBinary];
}

function explain(mine: Attribute, other: Attribute): Cause | undefined {
  const ours = mine.Value ?? [];
  const theirs = other.Value ?? [];
  const every = (test: (own: unknown, their: unknown) => boolean): boolean =>
    ours.length === theirs.length &&
    ours.every((own, index) => own === theirs[index] || test(own, theirs[index]));
  switch (mine.vr) {
    case 'FL':
      return every((own, their) => Math.fround(Number(their)) === own) ? 'floating point' : undefined;
    case 'FD':
      return every((own, their) => Math.abs(Number(own) - Number(their)) <= Math.abs(Number(own)) * 1e-14)
        ? 'floating point'
        : undefined;
    case 'DS':
    case 'IS':
      if (every((own, their) => their !== null && Number(their) === Number(own))) return 'decimal string';
      break;
    case 'PN':
      if (JSON.stringify(names(ours)) === JSON.stringify(names(theirs))) return 'name delimiters';
      break;
    default:
  }
  const blank = (value: unknown): boolean =>
    value === null || (typeof value === 'string' && value.trim() === '');
  if (ours.length === 0 && theirs.length === 1 && theirs.every(blank)) return 'blank text';
  if (every((own, their) => blank(own) && blank(their))) return 'empty value';
  return every((own, their) => typeof own === 'string' && typeof their === 'string' && own === their.trim())
    ? 'padding'
    : undefined;
}

function names(values: unknown[]): unknown[] {
  return values
    .map((value) =>
      Object.entries(value ?? {})
        .map(([group, text]) => [group, String(text).replace(/[\^ ]+$/, '')])
        .filter(([, text]) => text !== '')
        .sort(),
    )
    .filter((name) => name.length > 0);
}
