import { textOf } from './attributes';
import type { BulkDataPlace } from './bulk-data';
import { type ByteSource, bufferSource, Cursor } from './byte-source';
import { commonFields, type CommonFields } from './common-fields';
import { type DataSet, DataSetBuilder } from './data-set';
import { encodingOf } from './encoding';
import { DicomError } from './errors';
import { inflate } from './inflate';
import { usePlaceholders } from './placeholders';
import { report, type Report } from './report';
import { walkDataSet } from './structure';
import type { StructureVisitor } from './structure-visitor';
import { TAG } from './tags';
import { type DicomJson, dicomJson } from './tags-dicom-json';
import { type KeywordTags, keywordTags } from './tags-keyword';
import { transferSyntax } from './transfer-syntax';
import { type ConversionWarning, Warnings } from './warnings';

export interface DataSetOptions {
  transferSyntaxUID: string;
  /** Where in the source the data set begins; 0 unless told. */
  offset?: number;
}

export interface ConvertOptions extends DataSetOptions {
  includeCommonFieldsNode: boolean;
  includeReportNode: boolean;
  includeTagsNode: boolean;
  tagsFormat: 'keyword' | 'dicom-json';
  /** Where the object is kept, if it is. */
  bulkDataURI?: string;
  /** Placeholders for whatever may identify somebody; private attributes are left out. */
  placeholders?: boolean;
}

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
  message: DicomMessage;
  warnings: ConversionWarning[];
  identity: ObjectIdentity;
}

/**
 * The DicomMessage of an object.
 * @throws DicomError when the data set cannot be understood to its end
 */
export function convert(source: ByteSource, options: ConvertOptions): Conversion {
  const warnings = new Warnings();
  const { cursor, offset, seekable } = open(source, options, warnings);
  const builder = new DataSetBuilder(cursor, warnings);
  walk(cursor, offset, options, builder, warnings);
  const dataSet = builder.root;
  if (options.placeholders === true) usePlaceholders(dataSet);
  const place: BulkDataPlace = { uri: options.bulkDataURI, seekable };
  const message: DicomMessage = {};
  if (options.includeCommonFieldsNode) message.CommonFields = commonFields(dataSet);
  if (options.includeReportNode) {
    const found = report(dataSet);
    if (found !== undefined) message.Report = found;
  }
  if (options.includeTagsNode) {
    message.Tags = options.tagsFormat === 'keyword' ? keywordTags(dataSet, place) : dicomJson(dataSet, place);
  }
  return { message, warnings: warnings.list, identity: identityOf(dataSet) };
}

/** The data set's bytes: the source itself, or what it inflates to. */
export function open(
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

export function walk(
  cursor: Cursor,
  offset: number,
  { transferSyntaxUID }: DataSetOptions,
  visitor: StructureVisitor,
  warnings: Warnings,
): void {
  walkDataSet(cursor, offset, encodingOf(transferSyntax(transferSyntaxUID)), visitor, warnings);
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
