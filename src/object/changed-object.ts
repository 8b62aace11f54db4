import {
  type AppliedChanges,
  applyChanges,
  type ByteSource,
  cannotChange,
  changedFileMeta,
  type ChangedUid,
  type ConversionWarning,
  isUnchangeable,
  notTheObject,
  parseChanges,
  patchedSource,
  pieces,
  recode,
} from '../dicom';
import { LocalCopy } from './local-copy';
import type { ObjectUids } from './object-uids';
import { compared, type OutgoingObject, type WholeFile } from './outgoing-object';

/** Bytes that are read where only its beginning is asked for. */
const BEGINNING_BYTES = 65_536;
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';

/** A data set in a transfer syntax in which it can be changed. */
export interface Changeable {
  readonly dataSet: ByteSource;
  /** Where it begins. */
  readonly offset: number;
  readonly transferSyntaxUID: string;
  readonly close: () => Promise<void>;
}

/**
 * An object with `msg.dicom.changes` applied, which is made while it is read. Its file meta information follows: UIDs, and
 * the transfer syntax, which is explicit VR little endian for what was big endian or deflated. Where the changes change
 * nothing, it is the object as it was.
 * @param object is closed with what is returned, and where this throws
 * @param changes from wherever: they are checked
 * @throws DicomError `changes-invalid`, `not-the-object`, `cannot-change`, `cannot-recode`; what reading the object throws
 */
export async function withChanges(object: OutgoingObject, changes: unknown): Promise<OutgoingObject> {
  try {
    return await changed(object, changes);
  } catch (error) {
    await object.close();
    throw error;
  }
}

async function changed(object: OutgoingObject, json: unknown): Promise<OutgoingObject> {
  const changes = parseChanges(json);
  if (changes.of.size !== object.size) throw notTheObject();
  const original = await object.wholeFile();
  const changeable = await changeableOf(object, original);
  const { dataSet, offset, transferSyntaxUID, close } = changeable;
  try {
    const { sopInstanceUID = object.sopInstanceUID } = object.announced ?? {};
    const applied = applyChanges(dataSet, { transferSyntaxUID, offset, sopInstanceUID }, changes);
    if (applied.splices.length === 0) {
      await close();
      return object;
    }
    const uids: ObjectUids = {
      sopClassUID: uidOf(object.sopClassUID, applied.sopClassUID),
      sopInstanceUID: uidOf(object.sopInstanceUID, applied.sopInstanceUID),
      transferSyntaxUID,
    };
    const head = changedFileMeta(original.source, differing(uids, { ...object, ...object.announced }));
    if (object.sopClassUID === MEDIA_STORAGE_DIRECTORY && (head.length !== original.offset || moves(applied)))
      throw cannotChange(
        'the object',
        'it is a directory of a medium (DICOMDIR), whose records tell where others begin; a value of another length would move them',
      );
    const splices = [{ offset: 0, removed: offset, bytes: head }, ...applied.splices];
    const source = patchedSource(dataSet, splices);
    return changedObject(object, uids, { source, offset: head.length, compare: original.compare }, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Is anything in the changed data set somewhere else than it was? */
function moves({ splices }: AppliedChanges): boolean {
  return splices.some(({ removed, bytes }) => removed !== bytes.length);
}

/**
 * The data set of an open object in a transfer syntax in which it can be changed: what is deflated or big endian is recoded to
 * explicit VR little endian first.
 * @throws DicomError
 */
export async function changeableOf(
  { transferSyntaxUID: from }: Pick<OutgoingObject, 'transferSyntaxUID'>,
  { source, offset }: WholeFile,
): Promise<Changeable> {
  if (!isUnchangeable(from))
    return { dataSet: source, offset, transferSyntaxUID: from, close: () => Promise.resolve() };
  const to = EXPLICIT_VR_LITTLE_ENDIAN;
  const { size = 0, blocks } = recode(source, { from, to, offset });
  const copy = new LocalCopy();
  try {
    return {
      dataSet: await copy.of({ size, blocks }),
      offset: 0,
      transferSyntaxUID: to,
      close: () => copy.close(),
    };
  } catch (error) {
    await copy.close();
    throw error;
  }
}

function changedObject(
  object: OutgoingObject,
  uids: ObjectUids,
  file: WholeFile,
  closeCopy: () => Promise<void>,
): OutgoingObject {
  const { source, offset } = file;
  const size = source.size - offset;
  return {
    ...uids,
    size,
    ...(uids.transferSyntaxUID !== object.transferSyntaxUID && { warnings: [RECODED] }),
    beginning: () => source.read(offset, Math.min(size, BEGINNING_BYTES)),
    dataSet: () => compared(pieces(source, offset, size), file),
    wholeFile: () => Promise.resolve(file),
    close: async () => {
      await closeCopy();
      await object.close();
    },
  };
}

const RECODED: ConversionWarning = {
  code: 'recoded',
  path: '',
  text: 'a deflated or big endian object was changed; it is explicit VR little endian now',
};

/** Where it stays, the object is called as it was, which may not be what the data set says. */
function uidOf(called: string, { before, after }: ChangedUid): string {
  return before === after ? called : (after ?? called);
}

function differing(uids: ObjectUids, before: ObjectUids): Partial<ObjectUids> {
  const names = ['sopClassUID', 'sopInstanceUID', 'transferSyntaxUID'] as const;
  return Object.fromEntries(
    names.filter((name) => uids[name] !== before[name]).map((name) => [name, uids[name]]),
  );
}
