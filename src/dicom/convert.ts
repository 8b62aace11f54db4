import {
  DataSet,
  DataSetBuilder,
  documentOf,
  type EncapsulatedDocument,
  hasDocument,
  textOf,
  usePlaceholders,
  type Value,
  valuesOf,
} from './data-set';
import {
  type CommonFields,
  type DicomJson,
  type KeywordTags,
  messageText,
  type SectionOptions,
} from './json';
import { type ByteSource, Cursor, encodingOf, openDataSet, walkDataSet } from './read';
import type { Report } from './report';
import { TAG, tagOfKeyword, transferSyntax } from './standard';
import { CharacterSet } from './text';
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
  /** The object itself goes along with the message: offsets are offsets in it. */
  hasObject?: boolean;
  /** Attributes without a value are left out of CommonFields, and of Tags by keyword. */
  leaveOutEmpty?: boolean;
  /** 10^6 bytes of JSON. A larger message, or one of more values and keys, has references in Tags; no limit unless told. */
  maxMessageMB?: number;
  maxMessageElements?: number;
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
  /** What it was inflated to, in which its offsets count then. */
  readonly inflated: ByteSource | undefined;
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
  const { transferSyntaxUID, offset: start = 0 } = options;
  const { source: bytes, offset, isInflated } = openDataSet(source, transferSyntaxUID, start, warnings);
  const cursor = new Cursor(bytes);
  const builder = new DataSetBuilder(cursor, warnings);
  const encoding = encodingOf(transferSyntax(transferSyntaxUID));
  walkDataSet(cursor, offset, encoding, builder, warnings);
  const { root, inlined, elements } = builder;
  const seekable = !isInflated;
  const isSmall = seekable && inlined <= SMALL_BYTES && elements <= SMALL_ELEMENTS;
  const size = source.size - start;
  const inflated = isInflated ? bytes : undefined;
  return { root, identity: identityOf(root), warnings, size, seekable, inflated, isSmall };
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
  const { root: dataSet, warnings } = parsed;
  if (options.defaultCharacterSet !== undefined) expectCharacterSet(parsed, options.defaultCharacterSet);
  if (options.placeholders === true) usePlaceholders(dataSet);
  const json = messageText(dataSet, sectionOptions(parsed, options));
  // Not that of the parsed data set: placeholders may have taken its place.
  return { json, warnings: warnings.list, identity: identityOf(dataSet) };
}

const BYTES_PER_MEGABYTE = 1_000_000;

function sectionOptions({ seekable }: ParsedDataSet, options: MessageOptions): SectionOptions {
  const { bulkDataURI: uri, maxMessageMB = Infinity, maxMessageElements = Infinity } = options;
  return {
    commonFields: options.includeCommonFieldsNode,
    report: options.includeReportNode,
    tags: options.includeTagsNode ? options.tagsFormat : undefined,
    limits: { bytes: maxMessageMB * BYTES_PER_MEGABYTE, elements: maxMessageElements },
    uri,
    hasOffsets: seekable && (uri !== undefined || options.hasObject === true),
    leaveOutEmpty: options.leaveOutEmpty ?? false,
  };
}

/** Does it encapsulate a document? Then its bytes are needed to have that. */
export function encapsulatesDocument({ root }: ParsedDataSet): boolean {
  return hasDocument(root);
}

/** The document that an object encapsulates. One that is too large is told among the warnings. */
export function encapsulatedDocument(
  { root, inflated, warnings }: ParsedDataSet,
  source: ByteSource,
): EncapsulatedDocument | undefined {
  return documentOf(root, inflated ?? source, warnings);
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
