import { type DataSet, type Element, resolveVr } from '../data-set';
import { report } from '../report';
import { asciiBytes, CODE, type JsonLimits, JsonText, OutOfRoom } from '../text';
import { writeReference, type TagsOptions } from './bulk-data';
import { writeCommonFields } from './common-fields';
import { keyOfTag, writeDicomJson } from './tags-dicom-json';
import { keyOfKeyword, writeKeywordTags } from './tags-keyword';

const { COMMA, OPEN_BRACE, CLOSE_BRACE } = CODE;

/** What a message is to hold, and how much of it. */
export interface SectionOptions extends TagsOptions {
  readonly commonFields: boolean;
  readonly report: boolean;
  readonly tags: 'keyword' | 'dicom-json' | undefined;
  readonly limits: JsonLimits;
}

const COMMON_FIELDS = asciiBytes('"CommonFields":');
const REPORT = asciiBytes('"Report":');
const TAGS = asciiBytes('"Tags":');

/**
 * The sections of the message as JSON. It is never larger than its limits: what is too large is given up as soon as that is
 * seen, whatever it would have become. Then Report is left out, and Tags holds references.
 */
export function messageText(dataSet: DataSet, options: SectionOptions): string {
  const out = new JsonText(options.limits);
  const sections: (() => boolean)[] = [];
  if (options.commonFields) sections.push(() => commonFields(out, dataSet, options));
  if (options.report) sections.push(() => reportSection(out, dataSet));
  if (options.tags !== undefined) sections.push(() => tags(out, dataSet, options));
  out.byte(OPEN_BRACE);
  let isFirst = true;
  for (const write of sections) {
    const { length } = out;
    if (!isFirst) out.byte(COMMA);
    if (write()) isFirst = false;
    else out.cut(length);
  }
  out.byte(CLOSE_BRACE);
  return out.take();
}

function commonFields(out: JsonText, dataSet: DataSet, { leaveOutEmpty }: TagsOptions): boolean {
  return tried(out, dataSet, 'CommonFields is left out', () => {
    out.copy(COMMON_FIELDS);
    writeCommonFields(out, dataSet, leaveOutEmpty);
    return true;
  });
}

function reportSection(out: JsonText, dataSet: DataSet): boolean {
  return tried(out, dataSet, 'Report is left out', () => {
    const found = report(dataSet, out.room);
    if (found === undefined) return false;
    out.copy(REPORT);
    out.value(found);
    if (!out.hasRoom(0)) throw new OutOfRoom('the report is too large');
    return true;
  });
}

function tags(out: JsonText, dataSet: DataSet, options: SectionOptions): boolean {
  const writeTags = options.tags === 'keyword' ? writeKeywordTags : writeDicomJson;
  const mark = { length: out.length, elements: out.elements };
  try {
    out.copy(TAGS);
    writeTags(out, dataSet, options);
    if (out.hasRoom(ENDS)) return true;
  } catch (error) {
    if (!(error instanceof OutOfRoom)) throw error;
  }
  out.cut(mark.length);
  out.elements = mark.elements;
  out.copy(TAGS);
  const leftOut = writeReferences(out, dataSet, options);
  const missing = leftOut === 0 ? '' : `, ${leftOut} attributes are left out`;
  tooLarge(dataSet, `Tags holds references instead of values${missing}`);
  return true;
}

/** A section, or nothing at all of it. */
function tried(out: JsonText, dataSet: DataSet, without: string, write: () => boolean): boolean {
  const { length, elements } = out;
  try {
    return write();
  } catch (error) {
    if (!(error instanceof OutOfRoom)) throw error;
    out.cut(length);
    out.elements = elements;
    tooLarge(dataSet, without);
    return false;
  }
}

function tooLarge(dataSet: DataSet, consequence: string): void {
  dataSet.warnings.addOnce('message-too-large', () => '', `the message would be too large; ${consequence}`);
}

/** The braces at the end of Tags and of the message. */
const ENDS = 2;

/** As many attributes as there is room for, each as a reference. Returns how many there is none for. */
function writeReferences(out: JsonText, dataSet: DataSet, options: SectionOptions): number {
  const keyOf = options.tags === 'keyword' ? keyOfKeyword : keyOfTag;
  let written = 0;
  out.byte(OPEN_BRACE);
  for (const element of dataSet.elements) {
    const { length, elements } = out;
    if (written > 0) out.byte(COMMA);
    out.copy(keyOf(element.tag));
    writeOne(out, dataSet, element, options);
    if (!out.hasRoom(ENDS)) {
      out.cut(length);
      out.elements = elements;
      break;
    }
    written += 1;
  }
  out.byte(CLOSE_BRACE);
  return dataSet.elements.length - written;
}

const MEMBERS = 4;

function writeOne(out: JsonText, dataSet: DataSet, element: Element, options: TagsOptions): void {
  out.elements += MEMBERS;
  out.copy(resolveVr(dataSet, element).json);
  writeReference(out, element, options);
  out.byte(CLOSE_BRACE);
}
