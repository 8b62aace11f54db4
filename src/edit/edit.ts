import type { MessagePort } from 'node:worker_threads';
import type { MadeMessage } from './made-message';
import {
  ChangeError,
  type DicomChanges,
  expectCharacterSet,
  parseDataSet,
  type ParsedDataSet,
} from '../dicom';
import type { PayloadSettings } from '../message';
import { type OutgoingObject, whileFetching, withChanges } from '../object';
import { DICOM_IN, type DicomEditSettings } from '../settings';
import { withMovingBytes } from '../worker';
import { addCoercionRecord, type CoercionRecord } from './coercion-record';
import { openGiven, type Given } from './given';
import { bytesOf, fileOf } from './new-place';
import { messageOf } from './parse';
import { applyRules, type EvaluatedRule, RuleFailed, type RuleResults } from './rules';

/** What is to be done to an object. */
export interface EditTask {
  readonly rules: readonly EvaluatedRule[];
  readonly apply: DicomEditSettings['apply'];
  /** Of `file`; absolute. */
  readonly directory: string;
  /** Undefined: none is asked for. */
  readonly record?: CoercionRecord;
  readonly payload: PayloadSettings;
}

/** An object that is or will be changed: what its message says then, and where it is. */
export interface EditedMessage extends MadeMessage {
  /** All that are pending now. */
  changes?: DicomChanges;
  /** With them: that of the object as it lies there. */
  transferSyntaxUID?: string;
  /** The new object, a Part 10 file. */
  object?: Uint8Array;
  /** Where the new object is; absolute. */
  filename?: string;
}

/** Nothing is to be changed: the message stays as it is. */
export type Unchanged = { unchanged: true };

/**
 * Applies rules to a given object with its pending changes.
 * @throws RuleFailed; DicomError, also where what is already pending cannot be applied; as `openGiven`; as `fileOf`
 */
export async function edit(
  given: Given,
  port: MessagePort | undefined,
  task: EditTask,
): Promise<EditedMessage | Unchanged> {
  const { changes: pending, ...asItLies } = given;
  // What stays where it is need not be here: rules and messages are about its attributes, and not its pixels.
  const original = await openGiven(asItLies, port, task.apply === 'pending');
  try {
    return await whileFetching(() => edited(original, pending, task));
  } finally {
    await original.close();
  }
}

async function edited(
  original: OutgoingObject,
  pending: DicomChanges | undefined,
  task: EditTask,
): Promise<EditedMessage | Unchanged> {
  const { results, parsed, warnings } = await evaluated(original, pending, task);
  const { operations } = results.object;
  if (operations.length === 0 && task.apply === 'pending') return { unchanged: true };
  if (operations.length > 0 && task.record !== undefined)
    warnings.push(...addCoercionRecord(parsed, results.object, task.record));
  const changes: DicomChanges = {
    version: 1,
    of: pending?.of ?? { sopInstanceUID: original.sopInstanceUID, size: original.size },
    operations: [...(pending?.operations ?? []), ...operations],
  };
  const after = await changed(original, changes, results, pending?.operations.length ?? 0);
  try {
    const result = { ...after, warnings: [...warnings, ...(after.warnings ?? [])] };
    if (task.apply === 'pending') {
      const { transferSyntaxUID } = original;
      return { ...(await messageOf(result, task.payload)), changes, transferSyntaxUID };
    }
    return await made(result, task.apply, task);
  } finally {
    await after.close();
  }
}

/** What the rules come to in the object with its pending changes. */
async function evaluated(
  original: OutgoingObject,
  pending: DicomChanges | undefined,
  { rules, payload }: EditTask,
): Promise<{ results: RuleResults; parsed: ParsedDataSet; warnings: RuleResults['warnings'] }> {
  const object = pending === undefined ? staying(original) : await withChanges(staying(original), pending);
  try {
    const { source, offset, compare } = await object.wholeFile();
    const parsed = parseDataSet(source, { transferSyntaxUID: object.transferSyntaxUID, offset });
    expectCharacterSet(parsed, payload.defaultCharacterSet);
    const results = applyRules(parsed, rules);
    await compare();
    return { results, parsed, warnings: [...results.warnings] };
  } finally {
    await object.close();
  }
}

/** The same object, for one of several who read it: the last one closes it. */
function staying(object: OutgoingObject): OutgoingObject {
  return { ...object, close: () => Promise.resolve() };
}

/** @param before the number of operations that were pending before */
async function changed(
  original: OutgoingObject,
  changes: DicomChanges,
  { ruleOf }: RuleResults,
  before: number,
): Promise<OutgoingObject> {
  if (changes.operations.length === 0) return staying(original);
  try {
    return await withChanges(staying(original), changes);
  } catch (error) {
    if (!(error instanceof ChangeError) || typeof error.place !== 'object') throw error;
    const { operation, path } = error.place;
    const rule = operation === undefined ? undefined : ruleOf[operation - before];
    throw rule === undefined ? error : new RuleFailed(rule, path, error.reason);
  }
}

async function made(
  object: OutgoingObject,
  apply: Exclude<EditTask['apply'], 'pending'>,
  { directory, payload }: EditTask,
): Promise<EditedMessage> {
  switch (apply) {
    case 'buffer': {
      const bytes = await bytesOf(object);
      const message = await messageOf(object, payload, { hasObject: true });
      return withMovingBytes({ ...message, object: bytes }, bytes);
    }
    case 'file': {
      const { filename, bulkDataURI } = await fileOf(object, {
        directory,
        filenameTemplate: DICOM_IN.defaults.filenameTemplate,
        collision: 'skip-identical',
      });
      return { ...(await messageOf(object, payload, { bulkDataURI })), filename };
    }
  }
}
