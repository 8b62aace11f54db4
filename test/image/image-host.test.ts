import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { hasFailed } from '../../src/edit';
import { ImageHost, type Pictures } from '../../src/image';
import { until } from '../support/machine/until';
import { AS_IT_IS, nativeObject } from './image-object';

const failures: Error[] = [];
let host: ImageHost;

const given = (bytes: Buffer): { place: { kind: 'bytes'; bytes: Buffer } } => ({
  place: { kind: 'bytes', bytes },
});
const small = nativeObject({ columns: 2, bitsAllocated: 8 }, Buffer.from([0, 255]));

describe('the worker that makes pictures', () => {
  afterEach(async () => {
    await host.removeUser(host);
    assert.deepEqual(failures, []);
  });

  async function made(bytes: Buffer): Promise<Pictures> {
    const result = await host.pictures(given(bytes), undefined, AS_IT_IS);
    if (hasFailed(result)) throw new Error(`${result.failure.code}: ${result.failure.text}`);
    return result;
  }

  it('is started by the first picture, and ended when it has nothing to do', async () => {
    host = new ImageHost((error) => failures.push(error), 200);
    assert.equal(host.isRunning, false);
    const { pictures } = await made(small);
    assert.deepEqual([pictures.length, pictures[0]?.width, host.isRunning], [1, 2, true]);
    await until(() => !host.isRunning, 'its end');
    await made(small);
  });

  it('says why there is no picture', async () => {
    host = new ImageHost((error) => failures.push(error));
    await assert.rejects(() => made(Buffer.from('no DICOM')), /no-file-meta/);
    const none = nativeObject({ columns: 4 }, Buffer.alloc(2));
    await assert.rejects(() => made(none), /no-picture: its pixel data ends before frame 1 does/);
  });
});
