/** Finds settings of a kind in what a user has of Integration Soup: one setting, a workflow file, an array of these. */
import { parseJson, positionOf, type JsonErrorCode } from './json-parser';
import { printJson } from './json-printer';
import { memberOf, type JsonNode, type JsonObject } from './json-tree';
import { RECEIVER_SETTING } from './receiver-setting';
import { SENDER_SETTING } from './sender-setting';
import { readSetting, type ReadSetting } from './setting-json';
import type { SettingKind } from './setting-kind';

/** Characters of a file or a pasted text. */
export const MAX_IMPORT_LENGTH = 5_000_000;
/** Bytes of a file: UTF-16 has two for a character. */
export const MAX_IMPORT_SIZE = 2 * MAX_IMPORT_LENGTH;
/** Characters of a setting, which becomes a part of the flow file: Node-RED takes 5 MB of that in a request. */
export const MAX_SETTING_LENGTH = 500_000;

/** Settings that are offered: more than anybody has, and few enough for a list. */
export const MAX_SETTINGS = 100;

/** Members by which an object without `$type` is known. A sender has some that a receiver has, too. */
const MARKS: readonly (readonly [className: string, marks: readonly string[]])[] = [
  [SENDER_SETTING.className, ['RemoteAET', 'RemoteHost', 'RemotePort']],
  [RECEIVER_SETTING.className, ['Port', 'OurAET', 'AcceptedCallingAETs']],
];
const WORKFLOW_PATTERN = 'WorkflowPattern';

/** Why something is not imported, and which text tells what to use instead. */
export type NotImportedReason =
  | 'workflow'
  | 'receiver'
  | 'sender'
  | 'otherReceiver'
  | 'filter'
  | 'transformer'
  | 'activity'
  | 'settingTooLarge'
  | 'tooManySettings'
  | 'notASetting';

export interface NotImported {
  reason: NotImportedReason;
  line: number;
  /** Its class, and its name in quotes where it has one; for a workflow, what it says about itself. */
  what: string;
}

export interface FoundSetting<Name extends string = string> extends ReadSetting<Name> {
  json: JsonObject;
  /** For the user to choose by. */
  name: string;
  place: string;
  line: number;
}

export interface ImportProblem {
  code: ImportProblemCode;
  line: number;
  column: number;
  /** What it refers to, as written in the text; may be empty. */
  found: string;
  /** The line's part around the place; empty where no place is wrong. */
  excerpt: string;
}

export type ImportProblemCode = JsonErrorCode | 'tooLarge' | 'notText' | 'notFound';

export type ReadImport<Name extends string = string> = NothingImported | ImportedSettings<Name>;
export interface NothingImported {
  problem: ImportProblem;
  notImported: NotImported[];
}
export interface ImportedSettings<Name extends string = string> {
  /** At least one. */
  settings: FoundSetting<Name>[];
  notImported: NotImported[];
}

/** All settings of a kind in a text, in order, and everything else in it. */
export function readIntegrationSoup<Name extends string>(
  kind: SettingKind<Name>,
  text: string,
): ReadImport<Name> {
  if (text.length > MAX_IMPORT_LENGTH) return refused('tooLarge');
  const parsed = parseJson(text);
  if ('error' in parsed) {
    const { code, offset, found } = parsed.error;
    const excerpt = excerptAt(text, offset);
    return { problem: { code, found, excerpt, ...positionOf(text, offset) }, notImported: [] };
  }
  const collector = new Collector(kind, text);
  collector.collect(parsed.tree);
  const { settings, notImported } = collector;
  return settings.length === 0 ? refused('notFound', notImported) : { settings, notImported };
}

/** All settings of a kind in a file: UTF-8, or UTF-16 with a byte order mark, as Windows programs write it. */
export function readIntegrationSoupFile<Name extends string>(
  kind: SettingKind<Name>,
  bytes: Uint8Array,
): ReadImport<Name> {
  if (bytes.length > MAX_IMPORT_SIZE) return refused('tooLarge');
  const utf16 = (['utf-16le', 'utf-16be'] as const).find(
    (_, bigEndian) => bytes[bigEndian] === 0xff && bytes[1 - bigEndian] === 0xfe,
  );
  try {
    return readIntegrationSoup(kind, new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // What the decoder throws for bytes that are no text in this encoding.
    if (error instanceof TypeError) return refused('notText');
    throw error;
  }
}

/** The class name of a `$type`, without its name space and assembly; where there is none, the one that its members tell. */
function classOf(object: JsonObject): string | undefined {
  const type = memberOf(object, '$type')?.value;
  if (type?.kind === 'string') return type.value.split(',')[0]?.trim().split('.').pop();
  const [name] = MARKS.find(([, marks]) => marks.some((mark) => memberOf(object, mark) !== undefined)) ?? [];
  return name;
}

function refused(
  code: 'tooLarge' | 'notText' | 'notFound',
  notImported: NotImported[] = [],
): NothingImported {
  return { problem: { code, line: 1, column: 1, found: '', excerpt: '' }, notImported };
}

const EXCERPT_SIDE = 30;

function excerptAt(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - EXCERPT_SIDE), offset);
  const after = text.slice(offset, offset + EXCERPT_SIDE);
  return ((before.split(/[\r\n]/).pop() ?? '') + (after.split(/[\r\n]/)[0] ?? '')).trim();
}

class Collector<Name extends string> {
  readonly settings: FoundSetting<Name>[] = [];
  readonly notImported: NotImported[] = [];
  private line = 1;
  private counted = 0;

  constructor(
    private readonly kind: SettingKind<Name>,
    private readonly text: string,
  ) {}

  collect(node: JsonNode): void {
    if (node.kind === 'array') return node.items.forEach((item) => this.collect(item));
    if (node.kind !== 'object') return this.leave(node, 'notASetting', printJson(node));
    const pattern = memberOf(node, WORKFLOW_PATTERN)?.value;
    if (classOf(node) === this.kind.className) this.take(node);
    else if (pattern?.kind === 'array') {
      this.leave(node, 'workflow', workflowFacts(node));
      this.collect(pattern);
    } else this.leave(node, reasonFor(node), describe(node));
  }

  private take(json: JsonObject): void {
    if (this.settings.length === MAX_SETTINGS) return this.leave(json, 'tooManySettings', describe(json));
    if (printJson(json).length > MAX_SETTING_LENGTH) {
      return this.leave(json, 'settingTooLarge', describe(json));
    }
    const read = readSetting(this.kind, json);
    const values: ReadonlyMap<string, unknown> = read.values;
    const place = this.kind.place(read.values);
    this.settings.push({ ...read, json, name: String(values.get('name')), place, line: this.lineOf(json) });
  }

  private leave(node: JsonNode, reason: NotImportedReason, what: string): void {
    this.notImported.push({ reason, what: shorten(what), line: this.lineOf(node) });
  }

  /** Nodes are visited in the order of the text, so that each line end is counted once. */
  private lineOf({ offset }: JsonNode): number {
    this.line += positionOf(this.text.slice(this.counted, offset), offset).line - 1;
    this.counted = offset;
    return this.line;
  }
}

const MAX_WHAT = 80;
const shorten = (text: string): string => (text.length > MAX_WHAT ? `${text.slice(0, MAX_WHAT)}…` : text);

/** The class names of the product: `…ReceiverSetting`, `…SenderSetting`, `…FilterHostSetting`, and so on. */
function reasonFor(object: JsonObject): NotImportedReason {
  const name = classOf(object) ?? '';
  if (name === RECEIVER_SETTING.className) return 'receiver';
  if (/Receiver/.test(name)) return 'otherReceiver';
  if (/Filter/.test(name)) return 'filter';
  if (/Transformer/.test(name)) return 'transformer';
  if (/Sender/.test(name)) return 'sender';
  return /Activity|Setting/.test(name) ? 'activity' : 'notASetting';
}

function describe(object: JsonObject): string {
  const name = memberOf(object, 'Name')?.value;
  const quoted = name?.kind === 'string' && name.value !== '' ? `"${name.value}"` : undefined;
  return [classOf(object), quoted].filter((part) => part !== undefined).join(' ') || printJson(object);
}

/** Name of a workflow, and which members of the file are its own. */
function workflowFacts(workflow: JsonObject): string {
  const own = workflow.members.map(({ key }) => key).filter((key) => key !== WORKFLOW_PATTERN);
  return [
    describe({ ...workflow, members: workflow.members.filter(({ key }) => key === 'Name') }),
    own.join(', '),
  ]
    .filter((part) => part !== '{}' && part !== '')
    .join(': ');
}
