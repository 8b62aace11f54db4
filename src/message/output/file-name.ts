import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Value } from '../../dicom';

/** What file systems take at most for one component of a path. */
const MAX_COMPONENT_BYTES = 255;
/** Room for what a collision or a temporary name adds. */
const RESERVED_BYTES = 32;
const HASH_LENGTH = 16;
/** Stands for a value that the object does not have. */
const UNKNOWN = 'unknown';
/** Device names that Windows reserves, with any extension. */
const RESERVED_NAME = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** Characters of a value that are looked at: more than a component holds. */
const MAX_VALUE = 512;

const KEYWORD = /\{([A-Za-z][A-Za-z0-9]*)\}/g;

/** The keywords that a template asks for. */
export function templateKeywords(template: string): string[] {
  return [...new Set([...template.matchAll(KEYWORD)].map((match) => match[1] ?? ''))];
}

/**
 * The path below the output directory for an object: the template's folders and name with the object's values in them.
 * Values come from a peer: whatever they hold, each component stays one plain name, and the path stays below.
 */
export function relativePath(template: string, values: Readonly<Record<string, string | undefined>>): string {
  const components = template
    .split(/[/\\]/)
    .filter((component) => component !== '')
    .map((component) =>
      safeComponent(
        component.replace(KEYWORD, (_whole, keyword: string) => safeValue(values[keyword] ?? '') || UNKNOWN),
      ),
    );
  return join(...(components.length > 0 ? components : [UNKNOWN]));
}

/**
 * A value as text for a file name: the first representation of a person name that there is (PS3.5 6.2.1.1). One of which all
 * components are empty is none.
 */
export function fileNameText(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  const { Alphabetic, Ideographic, Phonetic } = value;
  return [Alphabetic, Ideographic, Phonetic].find((name) => name !== undefined && /[^\s^]/.test(name)) ?? '';
}

/** A value may be megabytes of text: its beginning, and what keeps it apart from others that begin so. */
function bounded(value: string): string {
  return value.length <= MAX_VALUE ? value : `${value.slice(0, MAX_VALUE)}-${hashOf(value)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}

/** A value of dots alone stays as long as it is: before an extension nothing would be left of it. */
function safeValue(value: string): string {
  const safe = safeCharacters(bounded(value));
  return /^[. ]+$/.test(safe) ? safe.replaceAll(/[. ]/g, '_') : safe;
}

/** No separators, no control characters, nothing with a special meaning to Windows or a shell. */
function safeCharacters(value: string): string {
  // eslint-disable-next-line no-control-regex -- looks for control characters
  return value.trim().replace(/[\u0000-\u001f\u007f-\u009f/\\:*?"<>|]/g, '_');
}

function safeComponent(component: string): string {
  // Windows drops dots and spaces at the end, and `.` and `..` are not names at all.
  const trimmed = withoutEnd(component.replace(/^[. ]+/, '_'));
  const named = trimmed === '' ? UNKNOWN : trimmed;
  return shorten(RESERVED_NAME.test(named) ? `_${named}` : named);
}

function withoutEnd(component: string): string {
  let end = component.length;
  while (end > 0 && '. '.includes(component.charAt(end - 1))) end -= 1;
  return component.slice(0, end);
}

/** Cuts a name that is too long, and keeps it apart from others that are cut to the same. */
function shorten(name: string): string {
  const limit = MAX_COMPONENT_BYTES - RESERVED_BYTES;
  if (Buffer.byteLength(name) <= limit) return name;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? '';
  const room = limit - HASH_LENGTH - 1 - extension.length;
  return `${beginning(name.slice(0, name.length - extension.length), room)}-${hashOf(name)}${extension}`;
}

/** As many whole characters as fit into this many bytes of UTF-8. */
function beginning(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
