import type { Vr } from '../standard';
import { cannotChange, type Place } from './change-errors';
import type { AttributeName } from './change-path';

/** A value before it is encoded. Names are text with `=` between their groups. */
export type Scalar = string | number | null;

/** A value as it was given, whose VR may depend on the object. */
export type Literal =
  | { readonly vr: Vr | undefined; readonly values: readonly Scalar[] }
  | { readonly vr: Vr | undefined; readonly bytes: Buffer };

/** What becomes of an attribute. */
export type Action =
  | { readonly kind: 'remove' }
  | { readonly kind: 'set'; readonly value: Literal }
  /**
   * The element as it stands in another object, of which the message has a reference only. `bytes`: it is to be looked for.
   */
  | {
      readonly kind: 'kept';
      readonly vr: Vr | undefined;
      readonly length: number | undefined;
      readonly bytes: Buffer | undefined;
    }
  /** A sequence. `fresh`: there are these items and no others. */
  | { readonly kind: 'items'; readonly fresh: boolean; readonly items: Map<number, ChangedItem> };

export interface ChangedAttribute {
  readonly name: AttributeName;
  /** Of the operation that says so. */
  readonly place: Place;
  readonly action: Action;
}

/** All that becomes of a data set or an item, by `nameKey`. */
export type ChangedItem = Map<string | number, ChangedAttribute>;

/** Is something there afterwards, also where nothing was? */
export function addsTo(item: ChangedItem): boolean {
  return [...item.values()].some(({ action }) => adds(action));
}

export function adds(action: Action): boolean {
  if (action.kind === 'remove') return false;
  return action.kind !== 'items' || action.fresh || [...action.items.values()].some(addsTo);
}

/**
 * Of two that name the same attribute, by tag and by creator: the later operation counts.
 * @throws DicomError where it says of a sequence only what is in some items
 */
export function later(one: ChangedAttribute | undefined, other: ChangedAttribute): ChangedAttribute {
  if (one === undefined) return other;
  const last = (one.place.operation ?? 0) > (other.place.operation ?? 0) ? one : other;
  if (last.action.kind === 'items' && !last.action.fresh)
    throw cannotChange(last.place, 'name the private sequence as the operations before have named it');
  return last;
}
