import { crc32 } from 'node:zlib';
import { ObjectDamaged } from './object-damaged';
import { factsInId } from './object-id';

/** The bytes of an object, which stay as they are until it is closed. */
export interface ObjectHandle {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /**
   * All bytes, in pieces of `HANDLE_BLOCK_BYTES` at most, each in memory of its own. The last one comes only when all have
   * been compared with what was received.
   * @throws ObjectDamaged when they are not what was received; the system's error when they cannot be read now
   */
  blocks(): AsyncGenerator<Buffer<ArrayBuffer>>;
  /** These bytes. The first call reads and compares all of them. @throws as `blocks`; RangeError beyond the end */
  read(offset: number, length: number): Promise<Buffer<ArrayBuffer>>;
  /** These bytes as they are, for those who compare them themselves. @throws the system's error */
  readUncompared(offset: number, length: number): Promise<Buffer<ArrayBuffer>>;
  close(): void;
}

/** Bytes that somebody holds in place. */
export interface PinnedBytes {
  readonly size: number;
  /** These bytes, in memory of their own. @throws ObjectDamaged where there are fewer */
  read(offset: number, length: number): Promise<Buffer<ArrayBuffer>>;
  /** They may go. */
  unpin(): void;
}

export const HANDLE_BLOCK_BYTES = 262_144;
/** Each has an open file, or memory that cannot be used for anything else. */
const MOST_HANDLES = 64;

/** No object of that id can be opened: it has been removed, or there has never been one. */
export class ObjectGone extends Error {
  override readonly name = 'ObjectGone';
  readonly code = 'OBJECT_GONE';
}

export const QUEUE_BUSY = 'QUEUE_BUSY';

/** The limit of open objects is reached: another one has to wait. */
export class QueueBusy extends Error {
  override readonly name = 'QueueBusy';
  readonly code = QUEUE_BUSY;
}

/** What is open, counted and bounded. */
export class OpenHandles {
  private readonly open = new Set<ObjectHandle>();

  get count(): number {
    return this.open.size;
  }

  /** @throws QueueBusy; what `pin` throws */
  add(id: string, pin: () => PinnedBytes): ObjectHandle {
    if (this.open.size >= MOST_HANDLES) throw new QueueBusy(`${MOST_HANDLES} objects are open at once`);
    const handle = handleOf(id, pin(), () => this.open.delete(handle));
    this.open.add(handle);
    return handle;
  }

  closeAll(): void {
    for (const handle of [...this.open]) handle.close();
  }
}

/** A handle on these bytes, which are unpinned once it is closed and nothing is being read any more. */
export function handleOf(id: string, pinned: PinnedBytes, onClose: () => void): ObjectHandle {
  const { size } = pinned;
  let isOpen = true;
  let reading = 0;
  let isCompared = false;

  /** A file must not be closed, nor memory be used again, while it is being read. */
  const read = async (offset: number, length: number): Promise<Buffer<ArrayBuffer>> => {
    if (!isOpen) throw new ObjectGone(`the object ${id} is not open any more`);
    if (offset < 0 || length < 0 || offset + length > size)
      throw new RangeError(`the object ${id} has ${size} bytes`);
    reading += 1;
    try {
      return await pinned.read(offset, length);
    } finally {
      reading -= 1;
      unpinWhenDone();
    }
  };
  const unpinWhenDone = (): void => {
    if (!isOpen && reading === 0) pinned.unpin();
  };
  const unchecked = async function* (): AsyncGenerator<Buffer<ArrayBuffer>> {
    for (let at = 0; at < size; at += HANDLE_BLOCK_BYTES)
      yield await read(at, Math.min(HANDLE_BLOCK_BYTES, size - at));
  };

  return {
    id,
    size,
    blocks: () => compared(id, unchecked()),
    read: async (offset, length) => {
      if (!isCompared) for await (const block of compared(id, unchecked())) void block;
      isCompared = true;
      return read(offset, length);
    },
    readUncompared: read,
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      onClose();
      unpinWhenDone();
    },
  };
}

/**
 * The blocks of an object; the last one only when their size and checksum are those in its id.
 * @throws ObjectDamaged when they are not
 */
async function* compared(
  id: string,
  blocks: AsyncIterable<Buffer<ArrayBuffer>>,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  const { size, checksum } = factsInId(id);
  let last: Buffer<ArrayBuffer> | undefined;
  let sum = 0;
  let total = 0;
  for await (const block of blocks) {
    if (last !== undefined) yield last;
    sum = crc32(block, sum);
    total += block.length;
    last = block;
  }
  if ((size !== undefined && total !== size) || (checksum !== undefined && sum !== checksum))
    throw new ObjectDamaged(`the object ${id} has been changed or damaged since it was received`);
  if (last !== undefined) yield last;
}
