import { textOf, valuesOf } from './attributes';
import type { BulkDataPlace } from './bulk-data';
import { type ByteSource, bufferSource, Cursor } from './byte-source';
import { CharacterSet } from './character-set';
import { writeCommonFields, type CommonFields } from './common-fields';
import { type DataSet, DataSetBuilder } from './data-set';
import { tagOfKeyword } from './dictionary';
import { encodingOf } from './encoding';
import { DicomError } from './errors';
import { inflate } from './inflate';
import { JsonText } from './json-text';
import { usePlaceholders } from './placeholders';
import { report, type Report } from './report';
import { walkDataSet } from './structure';
import { TAG } from './tags';
import { type DicomJson, writeDicomJson } from './tags-dicom-json';
import { type KeywordTags, writeKeywordTags } from './tags-keyword';
import { transferSyntax } from './transfer-syntax';
import type { Value } from './values';
import { type ConversionWarning, Warnings } from './warnings';

export interface DataSetOptions {
  transferSyntaxUID: string;
  /** Where in the source the data set begins; 0 unless told. */
  offset?: number;
}

/** What the message is to hold. */
export interface MessageOptions {
  includeCommonFieldsNode: boolean;
  includeReportNode: boolean;
  includeTagsNode: boolean;
  tagsFormat: 'keyword' | 'dicom-json';
  /** Where the object is kept, if it is. */
  bulkDataURI?: string;
  /** Of text that declares no character set, or one that cannot be; ISO_IR 100 unless told. */
  defaultCharacterSet?: string;
  /** Placeholders for whatever may identify somebody; private attributes are left out. */
  placeholders?: boolean;
}

export type ConvertOptions = DataSetOptions & MessageOptions;

/** The sections of the flow message's payload; docs/message-format.md describes them. */
export interface DicomMessage {
  CommonFields?: CommonFields;
  Report?: Report;
  Tags?: KeywordTags | DicomJson;
}

/** What an object says it is. Undefined: the attribute is absent or empty. */
export interface ObjectIdentity {
  sopClassUID?: string;
  sopInstanceUID?: string;
  studyInstanceUID?: string;
  seriesInstanceUID?: string;
}

export interface Conversion {
  /** The DicomMessage as JSON text. */
  json: string;
  warnings: ConversionWarning[];
  identity: ObjectIdentity;
}

/** A conversion with its message as an object. */
export interface MessageConversion extends Omit<Conversion, 'json'> {
  message: DicomMessage;
}

/** A data set that has been read to its end; its values are where they were in the source. */
export interface ParsedDataSet {
  readonly root: DataSet;
  readonly identity: ObjectIdentity;
  readonly warnings: Warnings;
  /** Bytes of it in the source. */
  readonly size: number;
  /** Offsets in it are offsets in the source: it was not inflated. */
  readonly seekable: boolean;
  /** What it holds in memory is little enough to be kept for a while. */
  readonly isSmall: boolean;
}

const SMALL_BYTES = 262_144;
const SMALL_ELEMENTS = 5_000;

/**
 * Reads a data set, which is what decides whether a C-STORE can be answered with success (PS3.4 B.2.3). No values are
 * decoded yet, except those that say what the object is.
 * @throws DicomError when the data set cannot be understood to its end
 */
export function parseDataSet(source: ByteSource, options: DataSetOptions): ParsedDataSet {
  const warnings = new Warnings();
  const { cursor, offset, seekable } = open(source, options, warnings);
  const builder = new DataSetBuilder(cursor, warnings);
  const encoding = encodingOf(transferSyntax(options.transferSyntaxUID));
  walkDataSet(cursor, offset, encoding, builder, warnings);
  const { root, inlined, elements } = builder;
  const isSmall = seekable && inlined <= SMALL_BYTES && elements <= SMALL_ELEMENTS;
  const size = source.size - (options.offset ?? 0);
  return { root, identity: identityOf(root), warnings, size, seekable, isSmall };
}

/**
 * The DicomMessage of an object.
 * @throws DicomError when the data set cannot be understood to its end
 */
export function convert(source: ByteSource, options: ConvertOptions): MessageConversion {
  const { json, ...conversion } = convertParsed(parseDataSet(source, options), options);
  return { message: JSON.parse(json) as DicomMessage, ...conversion };
}

/** The DicomMessage of an object whose source still has the bytes that it had when the object was parsed. */
export function convertParsed(parsed: ParsedDataSet, options: MessageOptions): Conversion {
  const { root: dataSet, warnings, seekable } = parsed;
  if (options.defaultCharacterSet !== undefined) expectCharacterSet(parsed, options.defaultCharacterSet);
  if (options.placeholders === true) usePlaceholders(dataSet);
  const place: BulkDataPlace = { uri: options.bulkDataURI, seekable };
  const json = sectionsOf(dataSet, place, options);
  // Not that of the parsed data set: placeholders may have taken its place.
  return { json, warnings: warnings.list, identity: identityOf(dataSet) };
}

function sectionsOf(dataSet: DataSet, place: BulkDataPlace, options: MessageOptions): string {
  const out = new JsonText();
  const sections: [name: string, write: () => void][] = [];
  if (options.includeCommonFieldsNode) sections.push(['CommonFields', () => writeCommonFields(out, dataSet)]);
  const found = options.includeReportNode ? report(dataSet) : undefined;
  if (found !== undefined) sections.push(['Report', () => out.value(found)]);
  if (options.includeTagsNode) {
    const writeTags = options.tagsFormat === 'keyword' ? writeKeywordTags : writeDicomJson;
    sections.push(['Tags', () => writeTags(out, dataSet, place)]);
  }
  out.object(sections, ([name, write]) => {
    out.ascii(`"${name}":`);
    write();
  });
  return out.take();
}

/** The data set's bytes: the source itself, or what it inflates to. */
function open(
  source: ByteSource,
  { transferSyntaxUID, offset = 0 }: DataSetOptions,
  warnings: Warnings,
): { cursor: Cursor; offset: number; seekable: boolean } {
  if (offset >= source.size) throw new DicomError('empty-data-set', 'the data set has no bytes');
  if (!transferSyntax(transferSyntaxUID).deflated)
    return { cursor: new Cursor(source), offset, seekable: true };
  const { bytes, zlibHeader } = inflate(source.read(offset, source.size - offset));
  if (zlibHeader) warnings.add('zlib-header', () => '', 'the deflated data set has a zlib header');
  return { cursor: new Cursor(bufferSource(bytes)), offset: 0, seekable: false };
}

/** What to read text in, before any is read, that declares no character set or one that cannot be. What is unknown changes nothing. */
export function expectCharacterSet({ root }: ParsedDataSet, name: string): void {
  const found = CharacterSet.named(name);
  if (found !== undefined) root.expectedCharacterSet = found;
}

/** The values of one attribute by its keyword; none where it is absent, empty, binary, a sequence or unknown to PS3.6. */
export function valuesOfKeyword({ root }: ParsedDataSet, keyword: string): Value[] {
  const tag = tagOfKeyword(keyword);
  return tag === undefined ? [] : valuesOf(root, tag);
}

const IDENTITY = [
  ['sopClassUID', TAG.SOPClassUID],
  ['sopInstanceUID', TAG.SOPInstanceUID],
  ['studyInstanceUID', TAG.StudyInstanceUID],
  ['seriesInstanceUID', TAG.SeriesInstanceUID],
] as const;

function identityOf(dataSet: DataSet): ObjectIdentity {
  const identity: ObjectIdentity = {};
  for (const [field, tag] of IDENTITY) {
    const uid = textOf(dataSet, tag);
    if (uid !== undefined) identity[field] = uid;
  }
  return identity;
}
