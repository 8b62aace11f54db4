import { mkdirSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import { waitForDisk } from '../basics';
import { deidentify as deidentified, DicomError, KeptBack, parseDataSet, Profile } from '../dicom';
import { fileNameTexts } from '../message';
import { changeableOf, type OutgoingObject } from '../object';
import { openGiven, type Given } from './given';
import { NewFiles } from './new-files';
import { copyOf } from './new-place';
import { withMovingBytes } from '../worker';
import { messageIn } from './parse';
import type { DeidentifiedMessage, DeidentifyHow, KeptBackObject } from './requests';

const OWN = 0o700;
/** Of the profiles and outputs of nodes, so that not each object makes them anew. */
const MOST_REMEMBERED = 32;

/**
 * De-identifies a given object, with its pending changes. The new one is in a file of its own, which is safe on the disk with
 * its name when this returns; or in memory, where the given one is in memory.
 * @throws as `openGiven`; NotPlaced, and the system's error
 */
export async function deidentify(
  given: Given,
  port: MessagePort | undefined,
  how: DeidentifyHow,
): Promise<DeidentifiedMessage | KeptBackObject> {
  const object = await openGiven(given, port);
  try {
    return await deidentifyOpen(object, given.place.kind === 'bytes', how);
  } catch (error) {
    const why = whyKeptBack(error);
    if (why === undefined) throw error;
    return { keptBack: { ...why, ...(await setAside(object, how)) } };
  } finally {
    await object.close();
  }
}

/** What cannot be read cannot be judged. Undefined: the object is not the reason. */
function whyKeptBack(error: unknown): { reason: string; text: string } | undefined {
  if (error instanceof KeptBack) return { reason: error.reason, text: error.message };
  return error instanceof DicomError && error.code !== 'read-failed'
    ? { reason: 'unreadable', text: error.message }
    : undefined;
}

async function deidentifyOpen(
  object: OutgoingObject,
  inMemory: boolean,
  { payload, pseudonym, output, ...options }: DeidentifyHow,
): Promise<DeidentifiedMessage> {
  const whole = await object.wholeFile();
  const { dataSet, offset, transferSyntaxUID, close } = await changeableOf(object, whole);
  try {
    const request = { transferSyntaxUID, offset, pseudonym };
    const { file, dataSetOffset, ...uids } = deidentified(dataSet, request, profileOf(options));
    const made = parseDataSet(file, { transferSyntaxUID: uids.transferSyntaxUID, offset: dataSetOffset });
    const message = messageIn(made, { ...uids, size: file.size - dataSetOffset }, payload);
    if (inMemory) {
      const bytes = copyOf(file);
      await whole.compare();
      return withMovingBytes({ ...message, object: bytes }, bytes);
    }
    const files = filesOf(output);
    return { ...message, filename: await files.place(file, fileNameTexts(files, made), whole.compare) };
  } finally {
    await close();
  }
}

/** An object that is in no queue, and would be lost or forgotten, is kept as it came. */
async function setAside(
  object: OutgoingObject,
  { keptBackDirectory }: DeidentifyHow,
): Promise<{ filename?: string }> {
  if (keptBackDirectory === undefined) return {};
  const { source, compare } = await object.wholeFile();
  // What is in it says whose it is.
  waitForDisk(() => mkdirSync(keptBackDirectory, { recursive: true, mode: OWN }));
  const filenameTemplate = `${new Date().toISOString().slice(0, 10)}/object.dcm`;
  const files = filesOf({ directory: keptBackDirectory, filenameTemplate });
  return { filename: await files.place(source, {}, compare) };
}

const profiles = new Map<string, Profile>();

type ProfileHow = Pick<DeidentifyHow, 'options' | 'secret' | 'allowedWords' | 'alsoPass'>;

function profileOf({ options, secret, allowedWords, alsoPass }: ProfileHow): Profile {
  const key = JSON.stringify([options, secret, allowedWords, alsoPass]);
  return remembered(profiles, key, () => {
    return new Profile({ options, secret: Buffer.from(secret, 'utf8'), allowedWords, alsoPass });
  });
}

const outputs = new Map<string, NewFiles>();

function filesOf(output: DeidentifyHow['output']): NewFiles {
  return remembered(outputs, JSON.stringify(output), () => new NewFiles(output));
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.set(key, made);
  return made;
}
