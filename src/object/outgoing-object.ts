import type { Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import {
  bufferSource,
  type ByteSource,
  type ConversionWarning,
  DicomError,
  fileSource,
  readFileMeta,
} from '../dicom';
import { HANDLE_BLOCK_BYTES, type ObjectHandle } from '../queue';
import { LocalCopy } from './local-copy';

/** What the command that sends an object says of it, as its file meta information has it. */
export interface ObjectUids {
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
}

/** An object that is open to be read: it stays as it is until it is closed. */
export interface OutgoingObject extends ObjectUids {
  /** Bytes of the data set. */
  readonly size: number;
  /** The first bytes of the data set, uncompared: for what is only told of it. */
  beginning(): Buffer;
  /** What has been done to it on the way; undefined: nothing that a flow should know. */
  readonly warnings?: readonly ConversionWarning[];
  /**
   * The data set, in blocks that are memory of their own. The last one comes only when all is known to be as it was.
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
export interface WholeFile {
  source: ByteSource;
  /** Where its data set begins. */
  offset: number;
  /** After what was read of it. @throws ObjectChanged when it is not as it was */
  readonly compare: () => Promise<void>;
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

/** The file is not what it was when it was opened. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
  readonly code = 'OBJECT_CHANGED';
}

/** So much of a file is read first; nearly always its meta information is in it, and often all of it. */
const HEAD_BYTES = 65_536;
/** The meta information is not looked for behind this. */
const MOST_HEAD_BYTES = 2_097_152;

/** Bytes of a Part 10 file, wherever it lies. */
interface Part10 {
  readonly size: number;
  read(offset: number, length: number): Promise<Buffer>;
  /** All from this byte on. */
  blocks(from: number): AsyncGenerator<Buffer>;
  whole(): Promise<Omit<WholeFile, 'offset'>>;
  close(): Promise<void>;
}

/** Opens a Part 10 file in memory. @throws DicomError when it is none */
export function openBytes(bytes: Buffer): Promise<OutgoingObject> {
  return openPart10({
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    // eslint-disable-next-line @typescript-eslint/require-await -- as files are read
    blocks: async function* (from) {
      for (let at = from; at < bytes.length; at += HANDLE_BLOCK_BYTES)
        yield bytes.subarray(at, at + HANDLE_BLOCK_BYTES);
    },
    whole: () => Promise.resolve({ source: bufferSource(bytes), compare: unchanged }),
    close: () => Promise.resolve(),
  });
}

/** Opens an object of a queue, and closes the handle with it. @throws DicomError; what the handle throws */
export function openHandle(handle: ObjectHandle): Promise<OutgoingObject> {
  const copy = new LocalCopy();
  return openPart10({
    size: handle.size,
    read: (offset, length) => handle.readUncompared(offset, length),
    blocks: (from) => behind(from, handle.blocks()),
    // What was copied has been compared.
    whole: async () => ({ source: await copy.of(handle), compare: unchanged }),
    close: async () => {
      handle.close();
      await copy.close();
    },
  });
}

/** Opens a Part 10 file. @throws DicomError when it is none; the system's error */
export async function openFile(path: string): Promise<OutgoingObject> {
  // A pipe of that name would be waited for until somebody writes to it, which is for ever.
  if (!(await stat(path)).isFile()) throw new DicomError('no-file-meta', 'it is not a file');
  const file = await open(path, 'r');
  try {
    return await openPart10(fileBytes(file, await file.stat()));
  } catch (error) {
    await file.close();
    throw error;
  }
}

const unchanged = (): Promise<void> => Promise.resolve();

async function openPart10(part10: Part10): Promise<OutgoingObject> {
  const [{ dataSetOffset, ...meta }, head] = await metaOf(part10);
  return {
    sopClassUID: meta.sopClassUID,
    sopInstanceUID: meta.sopInstanceUID,
    transferSyntaxUID: meta.transferSyntaxUID,
    size: part10.size - dataSetOffset,
    beginning: () => head.subarray(dataSetOffset),
    dataSet: () => part10.blocks(dataSetOffset),
    wholeFile: async () => ({ ...(await part10.whole()), offset: dataSetOffset }),
    close: () => part10.close(),
  };
}

/** With the bytes in which it was found. */
async function metaOf(part10: Part10): Promise<[meta: ReturnType<typeof readFileMeta>, head: Buffer]> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const head = await part10.read(0, Math.min(length, part10.size));
    const isAll = head.length === part10.size || length >= MOST_HEAD_BYTES;
    try {
      const meta = readFileMeta(bufferSource(head));
      // Where the head ends inside an element, that looks like the end of the group.
      if (isAll || meta.dataSetOffset + ELEMENT_HEADER <= head.length) return [meta, head];
    } catch (error) {
      if (isAll) throw error;
    }
  }
}

/** The longest header of an element (PS3.5 7.1.2). */
const ELEMENT_HEADER = 12;

function fileBytes(file: FileHandle, before: Stats): Part10 {
  const { size } = before;
  let head: Buffer = Buffer.alloc(0);
  const read = async (offset: number, length: number): Promise<Buffer> => {
    if (offset + length <= head.length) return head.subarray(offset, offset + length);
    const bytes = await readFully(file, offset, length);
    if (offset === 0) head = bytes;
    return bytes;
  };
  return {
    size,
    read,
    blocks: async function* (from) {
      for (let at = from; at < size;) {
        const length = at < head.length ? head.length - at : Math.min(HANDLE_BLOCK_BYTES, size - at);
        const block = await read(at, length);
        at += length;
        // A small one was read at once.
        if (at === size && size > head.length) await compare(file, before);
        yield block;
      }
    },
    whole: () => Promise.resolve({ source: fileSource(file.fd, size), compare: () => compare(file, before) }),
    close: () => file.close(),
  };
}

/** @throws ObjectChanged when somebody has written to the file since */
async function compare(file: FileHandle, before: Stats): Promise<void> {
  const { size, mtimeMs } = await file.stat();
  if (size !== before.size || mtimeMs !== before.mtimeMs) throw changed();
}

async function readFully(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw changed();
    done += bytesRead;
  }
  return bytes;
}

function changed(): ObjectChanged {
  return new ObjectChanged('the file has been changed while it was being read');
}

async function* behind(from: number, blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let skip = from;
  for await (const block of blocks) {
    if (skip < block.length) yield block.subarray(skip);
    skip = Math.max(0, skip - block.length);
  }
}
