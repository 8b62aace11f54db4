import { parseJson } from './json-tree';

/**
 * Checks of single values, written once and used by the editor dialog (as validators) and by the runtime (at start).
 * A check returns the problems it finds as codes with values; `problems.ts` and the editor's locales turn them into words.
 */

export type ProblemCode =
  | 'required'
  | 'notANumber'
  | 'outOfRange'
  | 'notAChoice'
  | 'aeTitleTooLong'
  | 'aeTitleCharacter'
  | 'aeTitleWildcard'
  | 'variableNotReplaced'
  | 'emptyAllowList'
  | 'notAnAddress'
  | 'notAHostRange'
  | 'notACharacterSet'
  | 'notAUid'
  | 'templateKeyword'
  | 'templateTraversal'
  | 'notAStatus'
  | 'directoryNeeded'
  | 'tlsNeeded'
  | 'nothingIncluded'
  | 'notKeptJson';

/** What is wrong with a value. `error`: the node must not start with it. `warning`: it starts, and says so. */
export interface Finding {
  code: ProblemCode;
  severity: 'error' | 'warning';
  /** Facts for the text: the offending token, limits, choices. */
  values: Record<string, string | number>;
}

export type Check = (value: string) => Finding[];

export const finding = (
  code: ProblemCode,
  values: Finding['values'] = {},
  severity: Finding['severity'] = 'error',
): Finding => ({ code, severity, values });

/** Splits a comma list as users type it: trimmed, empty entries dropped. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

/** A value that is one whole environment variable, in either notation: replaced by Node-RED at start, so the editor cannot check it. */
export function isEnvironmentReference(value: unknown): boolean {
  return typeof value === 'string' && /^\$(?:\{[^{}\s]+\}|\([^()\s]+\))$/.test(value.trim());
}

/**
 * Node-RED leaves a variable that is not set as it is; so it does with one among other text, set or not, which is then taken
 * literally: flows that have done so for long go on, and people are told.
 */
export function checkReplaced(value: string): Finding[] {
  const text = value.trim();
  if (isEnvironmentReference(text)) return [finding('variableNotReplaced', { token: text })];
  const among = text.match(/\$\{[^{}]*\}/g) ?? [];
  return [...new Set(among)].map((token) => finding('variableNotReplaced', { token }, 'warning'));
}

export const AE_TITLE_MAX_LENGTH = 16;

/** An AE title: 1 to 16 characters of the default repertoire without backslash and control characters (PS3.5 6.2, VR AE). */
export function checkAeTitle(value: string): Finding[] {
  const title = value.trim();
  if (title === '') return [finding('required')];
  return checkAeTitleToken(title);
}

function checkAeTitleToken(title: string): Finding[] {
  const notReplaced = checkReplaced(title);
  if (notReplaced.some(({ severity }) => severity === 'error')) return notReplaced;
  if (title.length > AE_TITLE_MAX_LENGTH) {
    return [finding('aeTitleTooLong', { token: title, max: AE_TITLE_MAX_LENGTH })];
  }
  if (!/^[\x20-\x5b\x5d-\x7e]*$/.test(title)) return [finding('aeTitleCharacter', { token: title })];
  return notReplaced;
}

/** The wildcard entry of an allow-list: any calling AE title is accepted. */
export const ANY = '*';

/**
 * A comma list of calling AE titles. `*` as an entry accepts anyone; an entry that merely contains `*` is taken
 * literally, which is hardly what was meant, so it is reported. An empty list accepts nobody.
 */
export function checkAeTitleList(value: string): Finding[] {
  const tokens = splitList(value);
  if (tokens.length === 0) return [finding('emptyAllowList', {}, 'warning')];
  return tokens.flatMap((token) => {
    if (token === ANY) return [];
    if (token.includes(ANY)) return [finding('aeTitleWildcard', { token }, 'warning')];
    return checkAeTitleToken(token);
  });
}

/** A comma list of AE titles of our own; empty: none. */
export function checkOwnAeTitles(value: string): Finding[] {
  return splitList(value).flatMap(checkAeTitleToken);
}

/** A whole number within limits. */
export function integerBetween(min: number, max: number): Check {
  return (value) => {
    const text = value.trim();
    if (text === '') return [finding('required')];
    if (!/^[+-]?\d+$/.test(text)) return [finding('notANumber', { value: text })];
    const number = Number(text);
    return number < min || number > max ? [finding('outOfRange', { value: text, min, max })] : [];
  };
}

export function oneOf(choices: readonly string[]): Check {
  return (value) =>
    choices.includes(value) ? [] : [finding('notAChoice', { value, choices: choices.join(', ') })];
}

const IPV4_OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^${IPV4_OCTET}(?:\\.${IPV4_OCTET}){3}$`);

function isIpv6(text: string): boolean {
  // The URL parser, present in browsers and in Node, knows IPv6 by the letter; node:net is not there in the editor.
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':')) return false;
  try {
    new URL(`http://[${text}]/`);
    return true;
  } catch {
    return false;
  }
}

/** 4 or 6 for an IP address, 0 for anything else (as `net.isIP`, but for the browser too). */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (IPV4.test(text)) return 4;
  return isIpv6(text) ? 6 : 0;
}

/** An interface to bind: an IP address or `localhost`; empty means all. */
export function checkBindAddress(value: string): Finding[] {
  const text = value.trim();
  if (text === '' || text === 'localhost' || ipVersion(text) !== 0) return [];
  return [finding('notAnAddress', { value: text })];
}

/** A comma list of IP addresses and CIDR ranges, v4 and v6; empty means any host. */
export function checkHostList(value: string): Finding[] {
  return splitList(value)
    .filter((token) => !isHostRange(token))
    .map((token) => finding('notAHostRange', { token }));
}

function isHostRange(token: string): boolean {
  const [address = '', prefix, ...rest] = token.split('/');
  const version = ipVersion(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

const UID = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*$/;

/** A UID: numeric components without leading zeros, at most 64 characters (PS3.5 9.1). */
export function isUid(text: string): boolean {
  return text.length <= 64 && UID.test(text);
}

/** A comma list of UIDs; empty means no restriction. */
export function checkUidList(value: string): Finding[] {
  return splitList(value)
    .filter((token) => !isUid(token))
    .map((token) => finding('notAUid', { token }));
}

/** A file name template: keywords in braces, `/` between folders, never a way out of the directory. */
export function checkFilenameTemplate(value: string): Finding[] {
  const template = value.trim();
  if (template === '') return [finding('required')];
  const keywords = [...template.matchAll(/\{([^{}]*)\}/g)]
    .map((match) => match[1] ?? '')
    .filter((keyword) => !/^[A-Za-z][A-Za-z0-9]*$/.test(keyword))
    .map((token) => finding('templateKeyword', { token }));
  const findings = [...checkReplaced(template), ...keywords];
  if (/[{}]/.test(template.replace(/\{[^{}]*\}/g, ''))) {
    findings.push(finding('templateKeyword', { token: template }));
  }
  const folders = template.split(/[/\\]/);
  if (folders.includes('..') || /^([/\\]|[A-Za-z]:)/.test(template)) {
    findings.push(finding('templateTraversal', { value: template }));
  }
  return findings;
}

/** An imported receiver as it is kept. Only export needs it, so that a damaged one keeps nobody from listening. */
export function checkKeptJson(value: string): Finding[] {
  if (value.trim() === '') return [];
  const parsed = parseJson(value);
  return 'tree' in parsed && parsed.tree.kind === 'object' ? [] : [finding('notKeptJson', {}, 'warning')];
}

/** A DIMSE status: four hexadecimal digits, with or without 0x (PS3.7 Annex C). */
export function checkStatus(value: string): Finding[] {
  return parseStatus(value) === undefined ? [finding('notAStatus', { value })] : [];
}

/** A status as people write it (`A700`, `0xA700`) or as a number; undefined when it is none. */
export function parseStatus(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 && value <= 0xffff ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const digits = /^(?:0x)?([0-9a-f]{4})$/i.exec(value.trim())?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

export const accepted: Check = () => [];
