import { type DataSet, DataSetBuilder, type Element, resolveVr } from '../data-set';
import type { Cursor, Encoding } from '../read';
import { AMBIGUOUS_VR, type Vr, VR } from '../standard';
import { NoWarnings } from '../warnings';

/** Of the attributes that decide what the VR of others is, all are in it (PS3.3 C.7.6.3, C.11). */
const IMAGE_PIXEL_GROUP = 0x0028;

interface Open {
  /** Undefined: an item. */
  readonly tag: number | undefined;
  readonly offset: number;
}

/**
 * Implicit VR leaves open whether some attributes are US, SS or OW: others of the data set decide (PS3.5 A.1). This keeps
 * those that do, and nothing else of the object.
 */
export class VrContext {
  readonly #builder: DataSetBuilder;
  readonly #open: Open[] = [];
  /** How many of the open ones, the outermost first, the builder knows: those that hold something it needs. */
  #known = 0;
  readonly #undecided: { index: number; dataSet: DataSet; element: Element }[] = [];

  constructor(cursor: Cursor) {
    this.#builder = new DataSetBuilder(cursor, new NoWarnings());
  }

  /** @param index what `decide` calls the element */
  element(index: number, tag: number, vr: Vr, offset: number, length: number, encoding: Encoding): void {
    const isUndecided = vr === AMBIGUOUS_VR.xs || vr === AMBIGUOUS_VR.lt || vr === AMBIGUOUS_VR.ox;
    if (!isUndecided && tag >>> 16 !== IMAGE_PIXEL_GROUP) return;
    this.#tell();
    this.#builder.element(tag, vr, offset, length, encoding);
    const dataSet = this.#builder.current;
    const element = dataSet.elements.at(-1);
    if (isUndecided && element !== undefined) this.#undecided.push({ index, dataSet, element });
  }

  #tell(): void {
    for (; this.#known < this.#open.length; this.#known += 1) {
      const { tag, offset } = this.#open[this.#known] ?? { tag: undefined, offset: 0 };
      if (tag === undefined) this.#builder.beginItem();
      else this.#builder.beginSequence(tag, VR.SQ, offset, 0);
    }
  }

  beginSequence(tag: number, offset: number): void {
    this.#open.push({ tag, offset });
  }

  beginItem(): void {
    this.#open.push({ tag: undefined, offset: 0 });
  }

  endItem(disordered: boolean): void {
    if (this.#close()) this.#builder.endItem(disordered);
  }

  endSequence(end: number): void {
    if (this.#close()) this.#builder.endSequence(end);
  }

  /** Returns whether the builder knows it. The data set itself is never closed. */
  #close(): boolean {
    const isKnown = this.#known === this.#open.length;
    this.#open.pop();
    if (isKnown) this.#known = this.#open.length;
    return isKnown;
  }

  /** Says the VR of each element that had none, when the whole data set has been read. */
  decide(say: (index: number, vr: Vr) => void): void {
    for (const { index, dataSet, element } of this.#undecided) say(index, resolveVr(dataSet, element));
  }
}
