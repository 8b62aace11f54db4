import {
  type Action,
  type ChangedItem,
  encodeUtf8Term,
  ItemEncoder,
  NotInCharacterSet,
  parseItem,
  type SourcePiece,
  sourceOfPieces,
} from '../change';
import { DataSet, Element } from '../data-set';
import { DicomError } from '../errors';
import { bufferSource, type ByteSource, encodeFileMeta } from '../read';
import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  Kind,
  lookUp,
  newUid,
  TAG,
  VR,
  vrOfName,
} from '../standard';
import { NoWarnings } from '../warnings';
import { cannotBuild } from './build-errors';
import { type BaseObject, type KeptElement, keptElements } from './kept-elements';
import { pixelDefaults } from './pixel-defaults';
import { CompressedFrame, ENCODING } from './written-element';

export interface BuildOptions {
  /** Which UIDs are made: those that are missing, also another SOP Instance UID, or none. */
  newUids: 'missing' | 'always' | 'never';
  /** That has the values that the message refers to; undefined: there is none. */
  base?: BaseObject;
}

/** A new object: a Part 10 file. */
export interface BuiltObject {
  readonly file: ByteSource;
  readonly dataSetOffset: number;
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
}

/** The message is not an operation. */
const MESSAGE = { operation: undefined, path: '' };

/**
 * A new object of attributes: in explicit VR little endian, or in the transfer syntax of compressed pixel data; text in ASCII,
 * or in UTF-8 where ASCII has not all of its characters (PS3.3 C.12.1.1.2). Memory: of the values in the message.
 * @param given as `Tags` has them in either layout, by keyword or tag; bytes may be a Uint8Array
 * @throws DicomError `cannot-build`, which names the attribute
 */
export function buildObject(given: Readonly<Record<string, unknown>>, options: BuildOptions): BuiltObject {
  try {
    const values = Object.entries(given).filter(([, value]) => value !== undefined);
    return build({ ...pixelDefaults(given), ...Object.fromEntries(values) }, options);
  } catch (error) {
    const isOurs = error instanceof DicomError && ['changes-invalid', 'cannot-change'].includes(error.code);
    throw isOurs ? new DicomError('cannot-build', error.message, { cause: error }) : error;
  }
}

function build(given: object, { newUids, base }: BuildOptions): BuiltObject {
  const root = parseItem(given, MESSAGE, 0, special);
  withoutCharacterSets(root);
  giveUids(root, newUids);
  const sopClassUID = uidIn(root, TAG.SOPClassUID);
  const sopInstanceUID = uidIn(root, TAG.SOPInstanceUID);
  if (sopClassUID === undefined) throw cannotBuild('SOPClassUID: an object has a class; set its UID');
  if (sopInstanceUID === undefined)
    throw cannotBuild('SOPInstanceUID: an object has one; set it, or let the node make UIDs');
  const kept = keptElements(root, base);
  const transferSyntaxUID = transferSyntaxOf(given, kept, base);
  const head = encodeFileMeta({
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  const file = fileOf(head, elementsOf(root), kept, base);
  return { file, dataSetOffset: head.length, sopClassUID, sopInstanceUID, transferSyntaxUID };
}

/** Values that are more than JSON: bytes, compressed pixels; and those that are less: references. */
function special(json: unknown, tag: number): Action | undefined {
  if (json instanceof CompressedFrame) {
    const bytes = json.element();
    return { kind: 'kept', vr: undefined, length: bytes.length, bytes };
  }
  if (json instanceof Uint8Array) {
    if (lookUp(tag)?.vr.kind !== Kind.Bytes) return undefined;
    return { kind: 'set', value: { vr: undefined, bytes: evenBytes(json) } };
  }
  return isReference(json)
    ? { kind: 'kept', vr: vrIn(json), length: lengthIn(json), bytes: undefined }
    : undefined;
}

function evenBytes({ buffer, byteOffset, length }: Uint8Array): Buffer {
  const bytes = Buffer.from(buffer, byteOffset, length);
  return length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
}

interface Reference {
  vr?: unknown;
  Length?: unknown;
}

/** As a message has them of values that it does not hold. */
function isReference(json: unknown): json is Reference {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  if (Object.hasOwn(json, 'BulkDataURI')) return true;
  return (
    Object.hasOwn(json, 'vr') &&
    Object.hasOwn(json, 'Length') &&
    !Object.hasOwn(json, 'Value') &&
    !Object.hasOwn(json, 'InlineBinary')
  );
}

function vrIn({ vr }: Reference): (typeof VR)[keyof typeof VR] | undefined {
  const found = typeof vr === 'string' ? vrOfName(vr) : undefined;
  return found;
}

function lengthIn({ Length: length }: Reference): number | undefined {
  return typeof length === 'number' ? length : undefined;
}

/** What text is encoded in is decided here. */
function withoutCharacterSets(item: ChangedItem): void {
  item.delete(TAG.SpecificCharacterSet);
  for (const { action } of item.values())
    if (action.kind === 'items') for (const within of action.items.values()) withoutCharacterSets(within);
}

function giveUids(root: ChangedItem, newUids: BuildOptions['newUids']): void {
  if (newUids === 'never') return;
  if (newUids === 'always') root.delete(TAG.SOPInstanceUID);
  for (const tag of [TAG.SOPInstanceUID, TAG.StudyInstanceUID, TAG.SeriesInstanceUID]) {
    if (uidIn(root, tag) !== undefined) continue;
    const action: Action = { kind: 'set', value: { vr: VR.UI, values: [newUid()] } };
    root.set(tag, { name: { tag }, place: MESSAGE, action });
  }
}

function uidIn(root: ChangedItem, tag: number): string | undefined {
  const action = root.get(tag)?.action;
  if (action?.kind !== 'set' || !('values' in action.value)) return undefined;
  const [value] = action.value.values;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function transferSyntaxOf(given: object, kept: readonly KeptElement[], base: BaseObject | undefined): string {
  const frame = Object.values(given).find((value) => value instanceof CompressedFrame);
  if (frame instanceof CompressedFrame) return frame.transferSyntaxUID;
  const isCompressed = kept.some((each) => each.isCompressed);
  return (isCompressed ? base?.transferSyntaxUID : undefined) ?? EXPLICIT_VR_LITTLE_ENDIAN;
}

interface WrittenElement {
  readonly tag: number;
  readonly bytes: Buffer;
}

/** In ASCII, or where that is not enough in UTF-8. */
function elementsOf(root: ChangedItem): WrittenElement[] {
  const around = { encoding: ENCODING, context: contextOf(root) };
  try {
    return new ItemEncoder(false).content(root, around);
  } catch (error) {
    if (!(error instanceof NotInCharacterSet)) throw error;
    const term = { tag: TAG.SpecificCharacterSet, bytes: encodeUtf8Term(ENCODING) };
    return [term, ...new ItemEncoder(true).content(root, around)];
  }
}

/** Pixel Representation decides between US and SS. */
function contextOf(root: ChangedItem): DataSet {
  const context = new DataSet(new NoWarnings());
  const action = root.get(TAG.PixelRepresentation)?.action;
  const value = action?.kind === 'set' && 'values' in action.value ? action.value.values[0] : undefined;
  const bytes = Buffer.from([Number(value) === 1 ? 1 : 0, 0]);
  context.elements.push(
    new Element(TAG.PixelRepresentation, VR.US, 0, bytes.length, false, bytes, 0, undefined, undefined),
  );
  return context;
}

/** All elements in ascending order of tags (PS3.5 7.1), those that are kept where they are. */
function fileOf(
  head: Buffer,
  elements: readonly WrittenElement[],
  kept: readonly KeptElement[],
  base: BaseObject | undefined,
): ByteSource {
  const parts = new Parts(head);
  const all = [...elements, ...kept].sort((one, other) => one.tag - other.tag);
  for (const element of all) {
    if ('bytes' in element) {
      parts.bytes(element.bytes);
    } else {
      parts.bytes(element.header);
      parts.range(element.offset, element.length);
      parts.bytes(element.trailer);
    }
  }
  return sourceOfPieces(base?.source ?? bufferSource(Buffer.alloc(0)), parts.finish());
}

/** Bytes that follow one another are one segment. */
class Parts {
  readonly #pieces: SourcePiece[] = [];
  #pending: Buffer[];

  constructor(head: Buffer) {
    this.#pending = [head];
  }

  bytes(bytes: Buffer): void {
    this.#pending.push(bytes);
  }

  range(offset: number, length: number): void {
    this.#flush();
    if (length > 0) this.#pieces.push({ length, bytes: undefined, offset });
  }

  finish(): readonly SourcePiece[] {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    const [first] = this.#pending;
    if (first === undefined) return;
    const bytes = this.#pending.length === 1 ? first : Buffer.concat(this.#pending);
    this.#pending = [];
    if (bytes.length > 0) this.#pieces.push({ length: bytes.length, bytes, offset: 0 });
  }
}
