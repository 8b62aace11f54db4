import { type DataSet, isLutDescriptor, valuesOf } from '../data-set';
import type { Encoding } from '../read';
import {
  allowsCount,
  AMBIGUOUS_VR,
  isPrivate,
  isPrivateCreator,
  lookUp,
  TAG,
  type Vr,
  VR,
} from '../standard';
import { CharacterSet } from '../text';
import { cannotChange, type Place } from './change-errors';
import type { FoundAttribute } from './change-finder';
import {
  type Action,
  adds,
  addsTo,
  type ChangedAttribute,
  type ChangedItem,
  later,
  type Literal,
  type Scalar,
} from './change-tree';
import { encodeElement, encodeItem, encodeSequence } from './encode-element';
import { encodeValues, separated, ValueError } from './encode-value';
import { PrivateBlocks } from './private-blocks';

/** A text is not in the character set of its object. */
export class NotInCharacterSet extends Error {}

/** Where an attribute is written. */
export interface Surroundings {
  readonly encoding: Encoding;
  /** Of its item, or of what is around that where it is new. */
  readonly context: DataSet;
  /** All that becomes of that. */
  readonly changes?: ChangedItem;
}

/** Writes attributes of a tree. */
export class ItemEncoder {
  readonly #toUtf8: boolean;

  /** @param toUtf8 all text is written in UTF-8, instead of the character set of what is around it */
  constructor(toUtf8: boolean) {
    this.#toUtf8 = toUtf8;
  }

  /** An element as it is written. @param found what is there already. @throws DicomError, NotInCharacterSet */
  encoded(
    tag: number,
    { place, action }: ChangedAttribute,
    around: Surroundings,
    found: FoundAttribute | undefined,
  ): Buffer {
    const { encoding } = around;
    if (action.kind === 'set') {
      const vr = vrOf(tag, action.value, around, found?.vr, place);
      return encodeElement(
        tag,
        vr,
        this.#value(tag, vr, action.value, around, place, countOf(found)),
        encoding,
      );
    }
    if (action.kind === 'remove') return NOTHING;
    if (action.kind === 'kept') return action.bytes ?? NOTHING;
    const items = [...action.items].filter(([, item]) => action.fresh || addsTo(item));
    const isKnown = lookUp(tag)?.vr === VR.SQ;
    return encodeSequence(
      tag,
      this.newItems(items, 0, place, around),
      encoding,
      !encoding.explicit && !isKnown,
    );
  }

  /** @param first the index of the first that is new: none may be missing between them */
  newItems(
    items: readonly (readonly [index: number, item: ChangedItem])[],
    first: number,
    place: Place,
    around: Surroundings,
  ): Buffer[] {
    return [...items]
      .sort(([one], [other]) => one - other)
      .map(([index, item], position) => {
        if (index !== first + position)
          throw cannotChange(place, `there is no item ${first + position}; the next one is that`);
        return encodeItem(this.content(item, around).map(({ bytes }) => bytes));
      });
  }

  /** Elements of a new item, or of a new data set, in ascending order of tags. */
  content(changes: ChangedItem, around: Surroundings): { tag: number; bytes: Buffer }[] {
    return arranged(changes, new PrivateBlocks(), new Map()).map(({ tag, attribute, creator }) => ({
      tag,
      bytes: this.#written(tag, attribute, creator, around),
    }));
  }

  #written(
    tag: number,
    attribute: ChangedAttribute | undefined,
    creator: string,
    around: Surroundings,
  ): Buffer {
    if (attribute === undefined) return encodeCreator(tag, creator, around.encoding);
    if (tag === TAG.SpecificCharacterSet)
      throw cannotChange(attribute.place, 'text of an item is encoded as that of the object; leave it out');
    return adds(attribute.action) ? this.encoded(tag, attribute, around, undefined) : NOTHING;
  }

  /** @param before values that are there now: an object that has others than PS3.6 allows keeps as many */
  #value(
    tag: number,
    vr: Vr,
    literal: Literal,
    { context }: Surroundings,
    place: Place,
    before: number,
  ): Buffer {
    if ('bytes' in literal) {
      if (literal.bytes.length % vr.width === 0) return literal.bytes;
      throw cannotChange(place, `${vr.name} is of ${vr.width} bytes each`);
    }
    try {
      const values = separated(vr, literal.values);
      expectCount(tag, values, before);
      const set = this.#toUtf8 ? CharacterSet.UTF_8 : context.characterSet;
      const bytes = encodeValues(tag, vr, values, set);
      if (bytes === undefined) throw new NotInCharacterSet();
      return bytes;
    } catch (error) {
      if (error instanceof ValueError) throw cannotChange(place, `${vr.name} ${error.message}`);
      throw error;
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** PS3.5 6.4. @throws ValueError */
function expectCount(tag: number, values: readonly Scalar[], before: number): void {
  const { multiplicity } = lookUp(tag) ?? {};
  const isEmpty = values.length === 1 && (values[0] === null || values[0] === '');
  const count = isEmpty ? 0 : values.length;
  if (multiplicity === undefined || allowsCount(multiplicity, count) || count === before) return;
  const { text, most } = multiplicity;
  if (count > most && count <= before) return;
  const allowed = text === '1' ? 'one value here' : `${text} values here, not ${count}`;
  throw new ValueError(`has ${allowed} (in text, a backslash separates values)`);
}

/** 0, too, where there is too much of it to be looked at. */
function countOf(found: FoundAttribute | undefined): number {
  return found?.now === undefined ? 0 : valuesOf(found.now, found.tag).length;
}

export function encodeCreator(block: number, creator: string, encoding: Encoding): Buffer {
  return encodeElement(block, VR.LO, Buffer.from(creator, 'latin1'), encoding);
}

/** Choices that PS3.6 leaves are the object's; what PS3.6 does not know is as it was, if nothing else is said. */
function vrOf(tag: number, literal: Literal, around: Surroundings, found: Vr | undefined, place: Place): Vr {
  const { context, encoding } = around;
  const sent = encoding.explicit && found !== VR.UN ? found : undefined;
  const vr = lookUp(tag)?.vr ?? literal.vr ?? sent;
  switch (vr) {
    case undefined:
      throw cannotChange(place, 'PS3.6 does not know it, so say its VR: { "vr": "LO", "Value": ["…"] }');
    case VR.SQ:
      throw cannotChange(place, 'in the object it is a sequence: give { "vr": "SQ", "Value": [{…}] }');
    case AMBIGUOUS_VR.xs:
      // Whoever reads implicit VR goes by Pixel Representation.
      if (!encoding.explicit && !isLutDescriptor(tag)) return isSignedAfter(around) ? VR.SS : VR.US;
      return (
        chosen(literal.vr) ?? chosen(sent) ?? (isSigned(literal) || context.pixelsSigned ? VR.SS : VR.US)
      );
    case AMBIGUOUS_VR.ox:
      return chosen(literal.vr) ?? chosen(sent) ?? VR.OW;
    case AMBIGUOUS_VR.lt:
      return chosen(literal.vr) ?? ('bytes' in literal ? VR.OW : VR.US);
    default:
      return vr;
  }
}

/** None of the VRs that are none. */
function chosen(vr: Vr | undefined): Vr | undefined {
  return vr !== undefined && Object.values<Vr>(VR).includes(vr) ? vr : undefined;
}

/** What Pixel Representation says once all is changed. */
function isSignedAfter({ context, changes }: Surroundings): boolean {
  const action = changes?.get(TAG.PixelRepresentation)?.action;
  if (action?.kind !== 'set' || !('values' in action.value)) return context.pixelsSigned;
  return Number(action.value.values[0]) === 1;
}

function isSigned(literal: Literal): boolean {
  return 'values' in literal && literal.values.some((value) => typeof value === 'number' && value < 0);
}

export interface Arranged {
  readonly tag: number;
  /** Undefined: it is the creator of a new block. */
  readonly attribute: ChangedAttribute | undefined;
  readonly creator: string;
}

/**
 * What is changed in an item, in ascending order of tags. Private attributes get their blocks.
 * @param blocks of what is there; those that are new are added to it
 */
export function arranged(
  changes: ChangedItem,
  blocks: PrivateBlocks,
  found: ReadonlyMap<ChangedAttribute, FoundAttribute>,
): Arranged[] {
  const all = new Map<number, Arranged>();
  const put = (tag: number, attribute: ChangedAttribute): void => {
    all.set(tag, { tag, attribute: later(all.get(tag)?.attribute, attribute), creator: '' });
  };
  for (const attribute of changes.values()) {
    const { tag, creator } = attribute.name;
    if (creator === undefined && isPrivateCreator(tag)) changeCreator(blocks, tag, attribute.action);
  }
  for (const attribute of changes.values()) {
    const { name, action, place } = attribute;
    const { tag, creator } = name;
    const there = found.get(attribute)?.tag;
    if (creator === undefined) {
      if (there === undefined && adds(action)) expectBlock(blocks, tag, place);
      put(tag, attribute);
    } else {
      const known = there ?? blocks.tagOf({ tag, creator });
      if (known !== undefined) put(known, attribute);
      else if (adds(action)) {
        const block = blocks.reserveFree({ tag, creator });
        all.set(block, { tag: block, attribute: undefined, creator });
        put(blocks.tagOf({ tag, creator }) ?? block, attribute);
      }
    }
  }
  return [...all.values()].sort((one, other) => one.tag - other.tag);
}

function changeCreator(blocks: PrivateBlocks, block: number, action: Action): void {
  if (action.kind === 'set' && 'values' in action.value && typeof action.value.values[0] === 'string')
    blocks.reserve(block, action.value.values[0].trim());
  else blocks.release(block);
}

function expectBlock(blocks: PrivateBlocks, tag: number, place: Place): void {
  if (!isPrivate(tag) || isPrivateCreator(tag) || blocks.creator(PrivateBlocks.of(tag)) !== undefined) return;
  throw cannotChange(place, 'nobody has reserved its block: name it by its creator, as 0019"CREATOR"0C');
}
