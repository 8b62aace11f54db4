import { uidName } from '../standard';
import { CODE, OutOfRoom } from '../text';
import type { Code, ContentItem, ContentValue, Report } from './report-model';

const INDENT = '  ';

/**
 * The document as lines that a person can read: one content item a line, its children indented.
 * @throws OutOfRoom when it would have more characters than `most`: what is deeply nested is far indented
 */
export function reportText(report: Omit<Report, 'Text'>, most: number): string {
  const lines = new Lines(most);
  lines.add(meaning(report.Title) ?? 'Structured report', '');
  const flags = [report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag].filter(Boolean);
  if (flags.length > 0) lines.add(`(${flags.join(', ')})`, '');
  for (const observer of report.VerifyingObservers ?? []) {
    const { VerifyingObserverName: name = '?', VerifyingOrganization: organization } = observer;
    const when = observer.VerificationDateTime;
    lines.add(
      `Verified by ${[name, organization, when].filter((each) => each !== undefined).join(', ')}`,
      '',
    );
  }
  for (const item of report.Content.Content ?? []) write(item, INDENT, lines);
  return lines.text();
}

const LINE_END = /\r\n|\r|\n/;

class Lines {
  readonly #lines: string[] = [];
  #room: number;

  constructor(most: number) {
    this.#room = most;
  }

  /** Texts have lines of their own; those that follow stand under the first. */
  add(text: string, indent: string): void {
    if (!text.includes('\n') && !text.includes('\r')) return this.#addLine(text, indent);
    const [first = '', ...more] = text.split(LINE_END);
    this.#addLine(first, indent);
    for (const each of more) this.#addLine(each, indent + INDENT);
  }

  #addLine(text: string, indent: string): void {
    const visible = withoutTrailingSpaces(text);
    const line = visible === '' ? '' : indent + visible;
    this.#room -= line.length + 1;
    if (this.#room < 0) throw new OutOfRoom('the text of the report would be too large');
    this.#lines.push(line);
  }

  text(): string {
    return this.#lines.join('\n');
  }
}

/** By hand: an expression for spaces at the end tries each run of spaces from each of them. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === CODE.SPACE) end -= 1;
  return line.slice(0, end);
}

function write(item: ContentItem, indent: string, lines: Lines): void {
  lines.add(line(item), indent);
  for (const child of item.Content ?? []) write(child, indent + INDENT, lines);
}

function line(item: ContentItem): string {
  const relation = item.RelationshipType;
  const prefix = relation === undefined || relation === 'CONTAINS' ? '' : `[${relation.toLowerCase()}] `;
  if (item.ReferencedContentItemIdentifier !== undefined) {
    return `${prefix}see item ${item.ReferencedContentItemIdentifier.join('.')}`;
  }
  const name = meaning(item.ConceptName) ?? item.ValueType ?? '';
  if (item.Value === undefined) return prefix + name;
  const value = item.Value === null ? '' : valueText(item.Value);
  const unit = item.Value === null ? undefined : unitText(item.Unit);
  return withPart(withPart(`${prefix}${name}: ${value}`, unit), qualifierText(item.Qualifier));
}

function withPart(text: string, part: string | undefined): string {
  if (part === undefined || part === '') return text;
  return text.endsWith(' ') ? text + part : `${text} ${part}`;
}

function meaning(code: Code | undefined): string | undefined {
  return code?.CodeMeaning ?? code?.CodeValue;
}

/** UCUM codes are what is written behind a number, except those in braces or for no unit. */
function unitText(unit: Code | undefined): string | undefined {
  if (unit === undefined || unit.CodeValue === '1') return undefined;
  return unit.CodingSchemeDesignator === 'UCUM' && !unit.CodeValue.startsWith('{')
    ? unit.CodeValue
    : meaning(unit);
}

function qualifierText(qualifier: Code | undefined): string | undefined {
  const text = meaning(qualifier);
  return text === undefined ? undefined : `(${text})`;
}

function valueText(value: NonNullable<ContentValue>): string {
  if (typeof value !== 'object') return String(value);
  if ('CodeValue' in value) return meaning(value) ?? '';
  return membersText(value);
}

function partText(part: unknown): string {
  if (Array.isArray(part)) return `[${part.map(partText).join(', ')}]`;
  // A SOP class reads better by its name.
  if (typeof part === 'string') return uidName(part) ?? part;
  return typeof part === 'object' && part !== null ? membersText(part) : String(part);
}

function membersText(value: object): string {
  const parts: unknown[] = Object.values(value);
  return parts
    .filter((part) => part !== undefined)
    .map(partText)
    .join(' ');
}
