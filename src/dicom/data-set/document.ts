import type { ByteSource } from '../read';
import type { Warnings } from '../warnings';
import { itemsOf, numberOf, textOf } from './attributes';
import type { DataSet, Element } from './data-set';

/** What an object encapsulates: a PDF, a CDA document, a model for a printer (PS3.3 A.45, A.85, A.104). */
export interface EncapsulatedDocument {
  /** MIME Type of Encapsulated Document (0042,0012), or what its SOP class says. */
  mediaType: string;
  /** Document Title (0042,0010), or the meaning of its concept name. */
  title?: string;
  /** In its own memory, without padding. */
  data: Buffer<ArrayBuffer>;
}

/** A larger one stays in the object: it would be held in memory by every message under way. */
export const LARGEST_DOCUMENT = 32_000_000;

const EncapsulatedDocumentTag = 0x00420011;
const DocumentTitle = 0x00420010;
const MimeType = 0x00420012;
const EncapsulatedDocumentLength = 0x00420015;
const ConceptNameCodeSequence = 0x0040a043;
const CodeMeaning = 0x00080104;
const SOPClassUID = 0x00080016;

const MEDIA_TYPES = new Map([
  ['1.2.840.10008.5.1.4.1.1.104.1', 'application/pdf'],
  ['1.2.840.10008.5.1.4.1.1.104.2', 'text/xml'],
  ['1.2.840.10008.5.1.4.1.1.104.3', 'model/stl'],
  ['1.2.840.10008.5.1.4.1.1.104.4', 'model/obj'],
  ['1.2.840.10008.5.1.4.1.1.104.5', 'model/mtl'],
]);
const UNKNOWN_TYPE = 'application/octet-stream';

function documentElement(dataSet: DataSet): Element | undefined {
  const element = dataSet.find(EncapsulatedDocumentTag);
  return element === undefined || element.length === 0 || element.fragments !== undefined
    ? undefined
    : element;
}

export function hasDocument(dataSet: DataSet): boolean {
  return documentElement(dataSet) !== undefined;
}

/** @param source of the bytes that the data set's offsets count in */
export function documentOf(
  dataSet: DataSet,
  source: ByteSource,
  warnings: Warnings,
): EncapsulatedDocument | undefined {
  const element = documentElement(dataSet);
  if (element === undefined) return undefined;
  if (element.length > LARGEST_DOCUMENT) {
    const text = `the encapsulated document has more than ${LARGEST_DOCUMENT} bytes; it is in the object alone`;
    warnings.addOnce('document-too-large', () => dataSet.path(EncapsulatedDocumentTag), text);
    return undefined;
  }
  const mediaType = mediaTypeOf(dataSet);
  const [name] = itemsOf(dataSet, ConceptNameCodeSequence);
  const title = textOf(dataSet, DocumentTitle) ?? (name && textOf(name, CodeMeaning));
  const bytes = source.read(element.offset, element.length);
  const length = element.length - paddingOf(dataSet, bytes, mediaType);
  const data = Buffer.alloc(length);
  bytes.copy(data, 0, 0, length);
  return { mediaType, ...(title !== undefined && { title }), data };
}

function mediaTypeOf(dataSet: DataSet): string {
  const uid = textOf(dataSet, SOPClassUID) ?? '';
  return textOf(dataSet, MimeType) ?? MEDIA_TYPES.get(uid) ?? UNKNOWN_TYPE;
}

/**
 * A value has an even length, so one byte may be padding: Encapsulated Document Length says so (PS3.3 C.24.2). Without it, a
 * NUL at the end of what is text is not part of the text. A length that is wrong otherwise cuts nothing off.
 */
function paddingOf(dataSet: DataSet, bytes: Buffer, mediaType: string): 0 | 1 {
  const stated = numberOf(dataSet, EncapsulatedDocumentLength);
  if (stated !== undefined) return stated === bytes.length - 1 ? 1 : 0;
  const isText = TEXT_TYPE.test(mediaType.slice(0, LONGEST_TYPE));
  return isText && bytes.at(-1) === 0 ? 1 : 0;
}

const TEXT_TYPE = /^text\/|^model\/(?:obj|mtl)$|xml$/i;

/** RFC 6838 4.2: 127 characters before and behind the slash. */
const LONGEST_TYPE = 255;
