import type { MessagePort } from 'node:worker_threads';
import { handleOf, ObjectGone, type ObjectHandle } from './object-handle';
import { ObjectDamaged } from './object-damaged';

/** What a reader in another thread has to know of an object that was opened for it. */
export interface OpenedObject {
  id: string;
  /** Bytes. */
  size: number;
}

/** From the reader; answered in turn. */
interface ReadRequest {
  offset: number;
  length: number;
}

type ReadAnswer = { bytes: Uint8Array<ArrayBuffer> } | { failure: string; isDamaged: boolean };

/**
 * Lets a reader in another thread have an object's bytes through this port, from worker to worker: each block moves when it
 * is asked for, so that a slow reader makes nobody hold more. The handle is closed with the port, which ends with either
 * thread.
 */
export function serveHandle(handle: ObjectHandle, port: MessagePort): OpenedObject {
  port.on('message', ({ offset, length }: ReadRequest) => {
    void answerOf(handle, offset, length).then((answer) =>
      port.postMessage(answer, 'bytes' in answer ? [answer.bytes.buffer] : []),
    );
  });
  port.once('close', () => handle.close());
  return { id: handle.id, size: handle.size };
}

async function answerOf(handle: ObjectHandle, offset: number, length: number): Promise<ReadAnswer> {
  try {
    return { bytes: await handle.readUncompared(offset, length) };
  } catch (error) {
    const { message } = error as Error;
    return { failure: message, isDamaged: error instanceof ObjectDamaged };
  }
}

interface Waiting {
  resolve: (bytes: Buffer<ArrayBuffer>) => void;
  reject: (error: Error) => void;
}

/** The reader's handle on an object that `serveHandle` serves at the other end of the port. */
export function remoteHandle({ id, size }: OpenedObject, port: MessagePort): ObjectHandle {
  const waiting: Waiting[] = [];
  let isClosed = false;
  port.on('message', (answer: ReadAnswer) => {
    const next = waiting.shift();
    if ('bytes' in answer) {
      const { buffer, byteOffset, byteLength } = answer.bytes;
      next?.resolve(Buffer.from(buffer, byteOffset, byteLength));
    } else next?.reject(answer.isDamaged ? new ObjectDamaged(answer.failure) : new Error(answer.failure));
  });
  port.once('close', () => {
    isClosed = true;
    for (const { reject } of waiting.splice(0)) reject(ended(id));
  });
  const read = (offset: number, length: number): Promise<Buffer<ArrayBuffer>> =>
    new Promise((resolve, reject) => {
      if (isClosed) {
        reject(ended(id));
        return;
      }
      waiting.push({ resolve, reject });
      port.postMessage({ offset, length } satisfies ReadRequest);
    });
  return handleOf(id, { size, read, unpin: () => port.close() }, () => undefined);
}

function ended(id: string): ObjectGone {
  return new ObjectGone(`the queue of the object ${id} has ended`);
}
