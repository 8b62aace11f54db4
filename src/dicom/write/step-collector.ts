import type { Cursor, Encoding, StructureVisitor } from '../read';
import { tagHex, type Vr, VR } from '../standard';
import type { GivenValues, GivenValue } from './given-values';
import { Flag, Step, Steps } from './steps';
import { cannotRecode } from './cannot-recode';
import { VrContext } from './vr-context';

/** Collects the steps that write again what a walk meets, in the order of the bytes. */
export class StepCollector implements StructureVisitor {
  readonly steps = new Steps();
  /** Values that are not the source's. */
  readonly given: GivenValue[] = [];
  readonly #context: VrContext;
  readonly #changes: GivenValues;
  /** Tags of changes that have not been collected, in descending order. */
  readonly #waiting: number[];
  #openItems = 0;

  constructor(cursor: Cursor, changes: GivenValues) {
    this.#context = new VrContext(cursor);
    this.#changes = changes;
    this.#waiting = [...changes.keys()].sort((a, b) => b - a);
  }

  element(tag: number, vr: Vr, offset: number, length: number, encoding: Encoding): void {
    if (this.#isChanged(tag)) return;
    // A UN is little endian in every encoding (PS3.5 6.2.2).
    const flags = encoding.bigEndian && vr !== VR.UN ? Flag.BigEndian : Flag.None;
    const index = this.steps.add(Step.Element, tag, vr, offset, length, flags);
    this.#context.element(index, tag, vr, offset, length, encoding);
  }

  fragments(tag: number): void {
    if (this.#isChanged(tag)) return;
    throw cannotRecode(`(${tagHex(tag)}) is encapsulated, but the transfer syntax is a native one`);
  }

  beginSequence(tag: number, _vr: Vr, offset: number, _length: number, delimited: boolean): void {
    if (this.#isChanged(tag)) throw cannotRecode(`(${tagHex(tag)}) is a sequence`);
    this.steps.add(Step.Sequence, tag, VR.SQ, offset, 0, delimited ? Flag.Delimited : Flag.None);
    this.#context.beginSequence(tag, offset);
  }

  beginItem(delimited: boolean): void {
    this.#openItems += 1;
    this.steps.add(Step.Item, 0, VR.UN, 0, 0, delimited ? Flag.Delimited : Flag.None);
    this.#context.beginItem();
  }

  endItem(disordered: boolean): void {
    this.#context.endItem(disordered);
    // Otherwise it is the data set itself, whose tags are in disorder.
    if (this.#openItems === 0) return;
    this.#openItems -= 1;
    this.steps.add(Step.ItemEnd, 0);
  }

  endSequence(end: number): void {
    this.steps.add(Step.SequenceEnd, 0);
    this.#context.endSequence(end);
  }

  leftOut(tag: number): void {
    if ((tag & 0xffff) !== 0 || tag >>> 16 === COMMAND_GROUP || tag >>> 16 === META_GROUP)
      throw cannotRecode(`(${tagHex(tag)}) of a command set or of file meta information is in the data set`);
    if (!this.#isChanged(tag)) this.steps.add(Step.GroupLength, tag, VR.UL);
  }

  /** Is it one that is left out, or has another value? In an item none is. What stands before it is collected. */
  #isChanged(tag: number): boolean {
    if (this.#openItems > 0) return false;
    this.#collectChanges(tag);
    return this.#changes.has(tag);
  }

  #collectChanges(upTo: number): void {
    for (let tag = this.#waiting.at(-1); tag !== undefined && tag <= upTo; tag = this.#waiting.at(-1)) {
      this.#waiting.pop();
      const value = this.#changes.get(tag);
      if (value === undefined) continue;
      this.steps.add(Step.Given, tag, value.vr, this.given.length, value.length);
      this.given.push(value);
    }
  }

  /** When the walk is over: no VR is left open. */
  finish(): Steps {
    this.#collectChanges(LAST_TAG);
    this.#context.decide((index, vr) => this.steps.setVr(index, vr));
    return this.steps;
  }
}

const COMMAND_GROUP = 0x0000;
const META_GROUP = 0x0002;
const LAST_TAG = 0xffffffff;
