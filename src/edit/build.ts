import type { MessagePort } from 'node:worker_threads';
import type { MadeMessage } from './made-message';
import {
  attributesOfRecipe,
  type BaseObject,
  buildObject,
  type BuildOptions,
  type ByteSource,
  convertParsed,
  type DicomJson,
  givenAttributes,
  parseDataSet,
  type Recipe,
  recipeWarnings,
} from '../dicom';
import type { PayloadSettings } from '../message';
import { changeableOf, type ObjectUids, type OutgoingObject } from '../object';
import { withMovingBytes } from '../worker';
import { openGiven, type Given } from './given';
import { bytesOf, fileOf, type NewFile } from './new-place';
import { messageOf } from './parse';

/** What a new object is made of. */
export type BuildFrom =
  /** A DicomMessage, or attributes by keyword or tag; their references are to the given object. */
  | { kind: 'attributes'; attributes: unknown }
  | { kind: 'recipe'; recipe: Recipe; ingredient: Uint8Array; values: unknown }
  /** The given object, with its pending changes. */
  | { kind: 'changed' };

export interface BuildTask {
  from: BuildFrom;
  newUids: BuildOptions['newUids'];
  output: { as: 'buffer' | 'base64' } | ({ as: 'file' } & NewFile);
}

/** Of the new object: its message without a payload, and the object as it was asked for. */
export type BuiltMessage = MadeMessage & ({ object: Uint8Array } | { base64: string } | { filename: string });

/** Bytes of an object in a message, at most: a larger one is for a file. */
const MOST_IN_MESSAGE = { buffer: 536_870_912, base64: 268_435_456 } as const;

/**
 * Makes a new object.
 * @param given that has the changes, or values to which attributes refer; undefined: there is none
 * @throws DicomError, NotMade; as `openGiven`
 */
export async function build(
  given: Given | undefined,
  port: MessagePort | undefined,
  task: BuildTask,
): Promise<BuiltMessage> {
  const base = given && (await openGiven(given, port));
  try {
    return await built(base, task);
  } finally {
    await base?.close();
  }
}

async function built(
  base: OutgoingObject | undefined,
  { from, newUids, output }: BuildTask,
): Promise<BuiltMessage> {
  switch (from.kind) {
    case 'changed': {
      if (base === undefined) throw new Error('changes are of an object');
      return put(base, output);
    }
    case 'recipe': {
      const { recipe, ingredient, values } = from;
      const bytes = Buffer.from(ingredient.buffer, ingredient.byteOffset, ingredient.length);
      const { file, dataSetOffset, ...uids } = buildObject(
        attributesOfRecipe(recipe, bytes, values, new Date()),
        { newUids },
      );
      const made = objectIn(file, dataSetOffset, uids);
      return put({ ...made, warnings: recipeWarnings(recipe, bytes) }, output);
    }
    case 'attributes':
      return withBase(base, async (found, compare) => {
        const { file, dataSetOffset, ...uids } = buildObject(givenAttributes(from.attributes), {
          newUids,
          ...(found && { base: found }),
        });
        return put(objectIn(file, dataSetOffset, uids, compare), output);
      });
  }
}

type Compare = () => Promise<void>;

const unchanged: Compare = () => Promise.resolve();

/** The object to which attributes refer, in a transfer syntax from which values can be taken. */
async function withBase<Result>(
  object: OutgoingObject | undefined,
  use: (base: BaseObject | undefined, compare: Compare) => Promise<Result>,
): Promise<Result> {
  if (object === undefined) return use(undefined, unchanged);
  const file = await object.wholeFile();
  const { dataSet, offset, transferSyntaxUID, close } = await changeableOf(object, file);
  try {
    const parsed = parseDataSet(dataSet, { transferSyntaxUID, offset });
    let values: DicomJson | undefined;
    const base: BaseObject = {
      source: dataSet,
      root: parsed.root,
      transferSyntaxUID,
      values: () => (values ??= valuesOf(parsed)),
    };
    return await use(base, file.compare);
  } finally {
    await close();
  }
}

function valuesOf(parsed: ReturnType<typeof parseDataSet>): DicomJson {
  const sections = {
    includeCommonFieldsNode: false,
    includeReportNode: false,
    includeTagsNode: true,
  } as const;
  const { json } = convertParsed(parsed, { ...sections, tagsFormat: 'dicom-json' });
  return (JSON.parse(json) as { Tags: DicomJson }).Tags;
}

/** An object that is made while it is read. */
function objectIn(
  source: ByteSource,
  offset: number,
  uids: ObjectUids,
  compare: Compare = unchanged,
): OutgoingObject {
  const size = source.size - offset;
  return {
    ...uids,
    size,
    beginning: () => source.read(offset, size),
    dataSet: () => {
      throw new Error('it is read as a whole file');
    },
    wholeFile: () => Promise.resolve({ source, offset, compare }),
    close: unchanged,
  };
}

const NO_PAYLOAD: PayloadSettings = {
  includeCommonFieldsNode: false,
  includeReportNode: false,
  includeTagsNode: false,
  tagsFormat: 'keyword',
  leaveOutEmpty: false,
  defaultCharacterSet: 'ISO_IR 100',
  maxMessageMB: 1,
  maxMessageElements: 1,
};

/** What has been made is read again: what cannot be read is not given to anybody. */
async function put(object: OutgoingObject, output: BuildTask['output']): Promise<BuiltMessage> {
  const message = await messageOf(object, NO_PAYLOAD);
  if (output.as === 'file') return { ...message, filename: (await fileOf(object, output)).filename };
  const bytes = await bytesOf(object, MOST_IN_MESSAGE[output.as]);
  return output.as === 'buffer'
    ? withMovingBytes({ ...message, object: bytes }, bytes)
    : { ...message, base64: bytes.toString('base64') };
}
