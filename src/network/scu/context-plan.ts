import { type Compression, compressionOf } from '../../dicom';
import {
  type AcceptedContext,
  DEFAULT_TRANSFER_SYNTAX,
  MAX_CONTEXTS,
  type ProposedContext,
} from '../upper-layer';

/** What may be done to objects whose own transfer syntax a peer does not take. */
export type SendAs = 'as-is' | 'uncompressed' | 'lossless' | 'lossy';

/** An object as far as presentation contexts are concerned. */
export interface Transferable {
  sopClassUID: string;
  /** Its own transfer syntax. */
  transferSyntaxUID: string;
  /** Those into which it may be converted, see `alternativesOf`. */
  alternatives: readonly string[];
}

/** Contexts to be proposed, and the objects that have none among them: they are for another association. */
export interface ContextPlan<T> {
  contexts: ProposedContext[];
  rest: T[];
}

/** The context in which an object is to be sent, and what has to be done to it. */
export interface ChosenContext {
  contextId: number;
  transferSyntaxUID: string;
  /** `recode`: the elements are written in another way; `decompress`: so are the pixels. */
  conversion: 'none' | 'recode' | 'decompress';
}

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Best first: explicit VR keeps what VR an element has. */
const LITTLE_ENDIAN = [EXPLICIT_LITTLE_ENDIAN, DEFAULT_TRANSFER_SYNTAX];

/** The compressions that each setting lets us undo; without any, elements are not written in another way either. */
const CONVERTED: Readonly<Record<SendAs, readonly Compression[]>> = {
  'as-is': [],
  uncompressed: ['none'],
  lossless: ['none', 'lossless'],
  lossy: ['none', 'lossless', 'lossy'],
};

/** The transfer syntaxes into which an object may be converted, best first. */
export function alternativesOf(transferSyntaxUID: string, sendAs: SendAs): string[] {
  const mayConvert = CONVERTED[sendAs].includes(compressionOf(transferSyntaxUID));
  return mayConvert ? LITTLE_ENDIAN.filter((each) => each !== transferSyntaxUID) : [];
}

/** What one SOP class needs. */
interface ClassPlan {
  /** Each in a context by itself: of several in one, the peer would choose one in which the object is not. */
  own: Set<string>;
  /** All in a second context, where they are not among `own`. */
  others: Set<string>;
}

/**
 * Plans an association for these objects: for each SOP class every transfer syntax of theirs in a context of its own, and one
 * context with those into which they may be converted. An SOP class with an object that is not compressed is proposed with
 * the default transfer syntax, too, whether we could convert into it or not (PS3.5 10.1).
 *
 * Objects come in where there is room, in their order; the first one always does.
 */
export function planContexts<T extends Transferable>(objects: readonly T[]): ContextPlan<T> {
  const classes = new Map<string, ClassPlan>();
  const rest: T[] = [];
  let used = 0;
  for (const object of objects) {
    const { sopClassUID, transferSyntaxUID } = object;
    const plan = classes.get(sopClassUID) ?? { own: new Set(), others: new Set() };
    const others = othersOf(object);
    const cost =
      Number(!plan.own.has(transferSyntaxUID)) + Number(others.length > 0 && plan.others.size === 0);
    if (used + cost > MAX_CONTEXTS) {
      rest.push(object);
      continue;
    }
    used += cost;
    classes.set(sopClassUID, plan);
    plan.own.add(transferSyntaxUID);
    for (const other of others) plan.others.add(other);
  }
  const lists = [...classes].flatMap(([abstractSyntax, plan]) =>
    transferSyntaxLists(plan).map((transferSyntaxes) => ({ abstractSyntax, transferSyntaxes })),
  );
  return { contexts: lists.map((list, index) => ({ id: 2 * index + 1, ...list })), rest };
}

function othersOf({ transferSyntaxUID, alternatives }: Transferable): readonly string[] {
  const isDefaultMissing =
    compressionOf(transferSyntaxUID) === 'none' &&
    transferSyntaxUID !== DEFAULT_TRANSFER_SYNTAX &&
    !alternatives.includes(DEFAULT_TRANSFER_SYNTAX);
  return isDefaultMissing ? [...alternatives, DEFAULT_TRANSFER_SYNTAX] : alternatives;
}

function transferSyntaxLists({ own, others }: ClassPlan): string[][] {
  const second = [...others].filter((each) => !own.has(each));
  return [...Array.from(own, (each) => [each]), ...(second.length > 0 ? [second] : [])];
}

/**
 * The accepted context in which an object goes: in its own transfer syntax if there is one, else in the first one into which
 * it may be converted. Undefined: there is none.
 */
export function chooseContext(
  contexts: ReadonlyMap<number, AcceptedContext>,
  { sopClassUID, transferSyntaxUID, alternatives }: Transferable,
): ChosenContext | undefined {
  for (const wanted of [transferSyntaxUID, ...alternatives]) {
    for (const [contextId, { abstractSyntax, transferSyntax }] of contexts) {
      if (abstractSyntax !== sopClassUID || transferSyntax !== wanted) continue;
      return { contextId, transferSyntaxUID: wanted, conversion: conversion(transferSyntaxUID, wanted) };
    }
  }
  return undefined;
}

function conversion(from: string, to: string): ChosenContext['conversion'] {
  if (from === to) return 'none';
  return compressionOf(from) === 'none' ? 'recode' : 'decompress';
}
