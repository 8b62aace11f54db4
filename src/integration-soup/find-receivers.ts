/** Finds receivers in what a user has of Integration Soup: one receiver, a workflow file, an array of these. */
import { parseJson, positionOf, type JsonErrorCode } from './json-parser';
import { printJson } from './json-printer';
import { memberOf, type JsonNode, type JsonObject } from './json-tree';
import { readReceiver, type ReadReceiver } from './receiver-json';

/** Characters of a file or a pasted text. */
export const MAX_IMPORT_LENGTH = 5_000_000;
/** Bytes of a file: UTF-16 has two for a character. */
export const MAX_IMPORT_SIZE = 2 * MAX_IMPORT_LENGTH;
/** Characters of a receiver, which becomes a part of the flow file: Node-RED takes 5 MB of that in a request. */
export const MAX_RECEIVER_LENGTH = 500_000;

/** Receivers that are offered: more than anybody has, and few enough for a list. */
export const MAX_RECEIVERS = 100;

const RECEIVER_CLASS = 'DicomReceiverSetting';
/** Members that make an object without `$type` a receiver. */
const RECEIVER_MARKS = ['Port', 'OurAET', 'AcceptedCallingAETs'];
const WORKFLOW_PATTERN = 'WorkflowPattern';

/** Why something is not imported, and which text tells what to use instead. */
export type NotImportedReason =
  | 'workflow'
  | 'sender'
  | 'otherReceiver'
  | 'filter'
  | 'transformer'
  | 'activity'
  | 'receiverTooLarge'
  | 'tooManyReceivers'
  | 'notASetting';

export interface NotImported {
  reason: NotImportedReason;
  line: number;
  /** Its class, and its name in quotes where it has one; for a workflow, what it says about itself. */
  what: string;
}

export interface FoundReceiver extends ReadReceiver {
  json: JsonObject;
  /** For the user to choose by. */
  name: string;
  port: string;
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

export type ImportProblemCode = JsonErrorCode | 'tooLarge' | 'notText' | 'noReceiver';

export type ReadImport = { problem: ImportProblem; notImported: NotImported[] } | ImportedReceivers;
export interface ImportedReceivers {
  /** At least one. */
  receivers: FoundReceiver[];
  notImported: NotImported[];
}

/** All receivers in a text, in order, and everything else in it. */
export function readIntegrationSoup(text: string): ReadImport {
  if (text.length > MAX_IMPORT_LENGTH) return refused('tooLarge');
  const parsed = parseJson(text);
  if ('error' in parsed) {
    const { code, offset, found } = parsed.error;
    const excerpt = excerptAt(text, offset);
    return { problem: { code, found, excerpt, ...positionOf(text, offset) }, notImported: [] };
  }
  const collector = new Collector(text);
  collector.collect(parsed.tree);
  const { receivers, notImported } = collector;
  return receivers.length === 0 ? refused('noReceiver', notImported) : { receivers, notImported };
}

/** All receivers in a file: UTF-8, or UTF-16 with a byte order mark, as Windows programs write it. */
export function readIntegrationSoupFile(bytes: Uint8Array): ReadImport {
  if (bytes.length > MAX_IMPORT_SIZE) return refused('tooLarge');
  const utf16 = (['utf-16le', 'utf-16be'] as const).find(
    (_, bigEndian) => bytes[bigEndian] === 0xff && bytes[1 - bigEndian] === 0xfe,
  );
  try {
    return readIntegrationSoup(new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // What the decoder throws for bytes that are no text in this encoding.
    if (error instanceof TypeError) return refused('notText');
    throw error;
  }
}

/** The class name of a `$type`, without its name space and assembly. */
function classOf(object: JsonObject): string | undefined {
  const type = memberOf(object, '$type')?.value;
  if (type?.kind !== 'string') return undefined;
  return type.value.split(',')[0]?.trim().split('.').pop();
}

function isReceiver(object: JsonObject): boolean {
  const name = classOf(object);
  if (name !== undefined) return name === RECEIVER_CLASS;
  return RECEIVER_MARKS.some((mark) => memberOf(object, mark) !== undefined);
}

function refused(code: 'tooLarge' | 'notText' | 'noReceiver', notImported: NotImported[] = []): ReadImport {
  return { problem: { code, line: 1, column: 1, found: '', excerpt: '' }, notImported };
}

const EXCERPT_SIDE = 30;

function excerptAt(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - EXCERPT_SIDE), offset);
  const after = text.slice(offset, offset + EXCERPT_SIDE);
  return ((before.split(/[\r\n]/).pop() ?? '') + (after.split(/[\r\n]/)[0] ?? '')).trim();
}

class Collector {
  readonly receivers: FoundReceiver[] = [];
  readonly notImported: NotImported[] = [];
  private line = 1;
  private counted = 0;

  constructor(private readonly text: string) {}

  collect(node: JsonNode): void {
    if (node.kind === 'array') return node.items.forEach((item) => this.collect(item));
    if (node.kind !== 'object') return this.leave(node, 'notASetting', printJson(node));
    const pattern = memberOf(node, WORKFLOW_PATTERN)?.value;
    if (isReceiver(node)) this.receiver(node);
    else if (pattern?.kind === 'array') {
      this.leave(node, 'workflow', workflowFacts(node));
      this.collect(pattern);
    } else this.leave(node, reasonFor(node), describe(node));
  }

  private receiver(json: JsonObject): void {
    if (this.receivers.length === MAX_RECEIVERS) return this.leave(json, 'tooManyReceivers', describe(json));
    if (printJson(json).length > MAX_RECEIVER_LENGTH) {
      return this.leave(json, 'receiverTooLarge', describe(json));
    }
    const read = readReceiver(json);
    const [name, port] = [String(read.values.get('name')), String(read.values.get('port'))];
    this.receivers.push({ ...read, json, name, port, line: this.lineOf(json) });
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
