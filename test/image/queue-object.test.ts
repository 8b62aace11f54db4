import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { readPng } from '../../src/dicom/build/png';
import type { Pictures, PictureTask } from '../../src/image';
import { pictures } from '../../src/image/pictures';
import { DiskQueue, HANDLE_BLOCK_BYTES, ObjectDamaged, serveHandle } from '../../src/queue';
import { AS_IT_IS, nativeObject } from './image-object';

const folder = mkdtempSync(join(tmpdir(), 'image-queue-'));
after(() => rmSync(folder, { recursive: true }));

interface Read {
  offset: number;
  length: number;
}

/**
 * Pictures of an object in a queue, which is read through a port as from another thread.
 * @param reads what is read of it, in order
 * @param damaged a byte that the disk gives otherwise than it was received
 */
async function picturesInQueue(
  file: Buffer,
  task: Partial<PictureTask>,
  reads: Read[] = [],
  damaged = -1,
): Promise<Pictures> {
  const queue = new DiskQueue({
    directory: mkdtempSync(join(folder, 'queue-')),
    maxObjects: 1,
    minFreeBytes: 0,
    synced: false,
    onlyThisMachine: true,
    onLeftover: assert.fail,
  });
  await queue.open();
  const { dataSetOffset } = readFileMeta(bufferSource(file));
  const writer = queue.begin(file.subarray(0, dataSetOffset));
  writer.append(file.subarray(dataSetOffset));
  const handle = await queue.openObject(String(await writer.complete()));
  const { port1, port2 } = new MessageChannel();
  const readUncompared: typeof handle.readUncompared = async (offset, length) => {
    reads.push({ offset, length });
    const bytes = await handle.readUncompared(offset, length);
    if (damaged >= offset && damaged < offset + length) bytes[damaged - offset] = 1;
    return bytes;
  };
  const object = serveHandle({ ...handle, readUncompared }, port1);
  try {
    return await pictures({ place: { kind: 'opened', object } }, port2, { ...AS_IT_IS, ...task });
  } finally {
    queue.close();
  }
}

/** Frames of one value each. */
function movie(frames: number, side: number): Buffer {
  const pixels = Buffer.alloc(frames * side * side);
  for (let frame = 0; frame < frames; frame += 1)
    pixels.fill(10 + frame, frame * side * side, (frame + 1) * side * side);
  return nativeObject({ rows: side, columns: side, bitsAllocated: 8, frames }, pixels);
}

const valuesOf = ({ pictures: made }: Pictures): (number | undefined)[] =>
  made.map(({ data }) => readPng(Buffer.from(data)).data[7]);
const isComparison = ({ offset, length }: Read): boolean => offset === 0 && length === HANDLE_BLOCK_BYTES;

describe('pictures of a large object in a queue', () => {
  it('are made of the frame as it lies there, and the object is compared', async () => {
    const [frames, side] = [80, 512];
    const file = movie(frames, side);
    const reads: Read[] = [];
    const made = await picturesInQueue(file, { frame: 50 }, reads);
    assert.deepEqual(valuesOf(made), [59]);
    const before = reads.slice(0, reads.findIndex(isComparison));
    const first = file.length - (frames - 49) * side * side;
    assert.ok(before.some(({ offset, length }) => offset <= first && offset + length >= first + side * side));
    assert.ok(before.reduce((sum, { length }) => sum + length, 0) < 1_000_000, JSON.stringify(before));
    await assert.rejects(() => picturesInQueue(file, { frame: 50 }, [], file.length - 10), ObjectDamaged);
  });

  it('are of all its frames, few and large ones or many', async () => {
    for (const [frames, side] of [
      [3, 3_000],
      [70, 600],
    ] as const) {
      const reads: Read[] = [];
      const made = await picturesInQueue(movie(frames, side), { frame: 'all' }, reads);
      assert.deepEqual(
        valuesOf(made),
        Array.from({ length: frames }, (_, at) => 10 + at),
      );
      assert.ok(Math.max(...reads.map(({ length }) => length)) <= 2_097_152);
    }
  });
});
