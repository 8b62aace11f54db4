import type { Cursor, Encoding, StructureVisitor } from '../read';
import { tagHex, type Vr, VR } from '../standard';
import { Flag, Step, Steps } from './steps';
import { cannotRecode } from './cannot-recode';
import { VrContext } from './vr-context';

/** Collects the steps that write again what a walk meets, in the order of the bytes. */
export class StepCollector implements StructureVisitor {
  readonly steps = new Steps();
  readonly #context: VrContext;
  #openItems = 0;

  constructor(cursor: Cursor) {
    this.#context = new VrContext(cursor);
  }

  element(tag: number, vr: Vr, offset: number, length: number, encoding: Encoding): void {
    // A UN is little endian in every encoding (PS3.5 6.2.2).
    const flags = encoding.bigEndian && vr !== VR.UN ? Flag.BigEndian : Flag.None;
    const index = this.steps.add(Step.Element, tag, vr, offset, length, flags);
    this.#context.element(index, tag, vr, offset, length, encoding);
  }

  fragments(tag: number): void {
    throw cannotRecode(`(${tagHex(tag)}) is encapsulated, but the transfer syntax is a native one`);
  }

  beginSequence(tag: number, _vr: Vr, offset: number, _length: number, delimited: boolean): void {
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
    this.steps.add(Step.GroupLength, tag, VR.UL);
  }

  /** When the walk is over: no VR is left open. */
  finish(): Steps {
    this.#context.decide((index, vr) => this.steps.setVr(index, vr));
    return this.steps;
  }
}

const COMMAND_GROUP = 0x0000;
const META_GROUP = 0x0002;
