import { bufferSource } from '../dicom';
import { HANDLE_BLOCK_BYTES, type ObjectHandle } from '../queue';
import { FileBytes } from './file-bytes';
import { LocalCopy } from './local-copy';
import { identified, type Identified } from './object-uids';
import { PartialCopy } from './partial-copy';
import { type ComparedSource, metaIn, MOST_HEAD_BYTES, type Meta, type Part10 } from './part10';

/** An object that is open to be read: it stays as it is until it is closed. */
export interface OutgoingObject extends Identified {
  /** Bytes of the data set. */
  readonly size: number;
  /** The first bytes of the data set, uncompared, until it is read: for what is only told of it. */
  beginning(): Buffer;
  /**
   * The data set, in blocks. One is used until the next one is asked for, or the object is closed. The last one comes only
   * when all is known to be as it was.
   * @throws ObjectDamaged, ObjectChanged, or the system's error
   */
  dataSet(): AsyncGenerator<Buffer>;
  /**
   * The whole object, to be read here and there. Valid until it is closed.
   * @throws as `dataSet`
   */
  wholeFile(): Promise<WholeFile>;
  close(): Promise<void>;
}

/** A Part 10 file. */
export interface WholeFile extends ComparedSource {
  /** Where its data set begins. */
  offset: number;
}

/** Blocks that were made of a whole file, the last one only when that is known to be as it was. */
export async function* compared(
  blocks: Iterable<Buffer> | AsyncIterable<Buffer>,
  { compare }: WholeFile,
): AsyncGenerator<Buffer> {
  let held: Buffer | undefined;
  for await (const block of blocks) {
    if (held !== undefined) yield held;
    held = block;
  }
  await compare();
  if (held !== undefined) yield held;
}

/** Bytes of a queue's object that are read first; nearly always its meta information is in them. */
const HEAD_BYTES = 65_536;

/** Opens a Part 10 file in memory. @throws DicomError when it is none */
export function openBytes(bytes: Buffer): Promise<OutgoingObject> {
  return openPart10({
    size: bytes.length,
    meta: () => metaOf(bytes.length, (length) => Promise.resolve(bytes.subarray(0, length))),
    // eslint-disable-next-line @typescript-eslint/require-await -- as files are read
    blocks: async function* (from) {
      for (let at = from; at < bytes.length; at += HANDLE_BLOCK_BYTES)
        yield bytes.subarray(at, at + HANDLE_BLOCK_BYTES);
    },
    whole: () => Promise.resolve({ source: bufferSource(bytes), compare: unchanged }),
    close: () => Promise.resolve(),
  });
}

/** So large an object is fetched in parts, where it may be. */
const LEAST_IN_PARTS = 16_777_216;

/**
 * Opens an object of a queue, and closes the handle with it.
 * @param inParts a large one is read by work within `whileFetching`, and only what that asks for is fetched
 * @throws DicomError; what the handle throws
 */
export function openHandle(handle: ObjectHandle, inParts = false): Promise<OutgoingObject> {
  const parts = inParts && handle.size > LEAST_IN_PARTS ? new PartialCopy(handle) : undefined;
  const copy = new LocalCopy();
  return openPart10({
    size: handle.size,
    meta: () => metaOf(handle.size, (length) => handle.readUncompared(0, length)),
    blocks: (from) => behind(from, handle.blocks()),
    whole: async () =>
      parts === undefined
        ? // What was copied has been compared.
          { source: await copy.of(handle), compare: unchanged }
        : { source: parts.source, compare: () => parts.compare() },
    close: async () => {
      handle.close();
      await parts?.close();
      await copy.close();
    },
  });
}

/** Opens a Part 10 file. @throws DicomError when it is none; the system's error */
export async function openFile(path: string): Promise<OutgoingObject> {
  return openPart10(new FileBytes(path));
}

/** Closes it when that fails. */
async function openPart10(part10: Part10): Promise<OutgoingObject> {
  try {
    const [{ dataSetOffset, sopClassUID, sopInstanceUID, transferSyntaxUID }, head] = await part10.meta();
    const uids = { sopClassUID, sopInstanceUID, transferSyntaxUID };
    // A literal that begins with another object costs V8 a microsecond a property, of each object.
    return Object.assign(identified(uids, head.subarray(dataSetOffset)), {
      size: part10.size - dataSetOffset,
      beginning: () => head.subarray(dataSetOffset),
      dataSet: () => part10.blocks(dataSetOffset),
      wholeFile: async () => ({ ...(await part10.whole()), offset: dataSetOffset }),
      close: () => part10.close(),
    });
  } catch (error) {
    await part10.close();
    throw error;
  }
}

const unchanged = (): Promise<void> => Promise.resolve();

async function metaOf(
  size: number,
  read: (length: number) => Promise<Buffer>,
): Promise<[meta: Meta, head: Buffer]> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const head = await read(Math.min(length, size));
    const meta = metaIn(head, head.length === size || length >= MOST_HEAD_BYTES);
    if (meta !== undefined) return [meta, head];
  }
}

async function* behind(from: number, blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let skip = from;
  for await (const block of blocks) {
    if (skip < block.length) yield block.subarray(skip);
    skip = Math.max(0, skip - block.length);
  }
}
