import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import { type UploadLimits, Uploads } from '../../../nodes/dicom-in/runtime/uploads';

const open: Upload[] = [];
afterEach(() => {
  for (const upload of open.splice(0)) upload.destroy();
});

/** A request whose body is written by the test. */
class Upload extends PassThrough {
  readonly headers: Record<string, string>;

  constructor(contentLength?: number) {
    super();
    open.push(this);
    this.headers = contentLength === undefined ? {} : { 'content-length': String(contentLength) };
  }
}

function reading(limits: Partial<UploadLimits> = {}): (upload: Upload) => ReturnType<Uploads['read']> {
  const uploads = new Uploads({
    fileBytes: 1_000,
    totalBytes: 2_000,
    uploads: 3,
    silenceMs: 60_000,
    durationMs: 60_000,
    ...limits,
  });
  return (upload) => uploads.read(upload as unknown as IncomingMessage);
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('uploads', () => {
  it('are read whole', async () => {
    const upload = new Upload();
    const file = reading()(upload);
    upload.write('one ');
    upload.end('two');
    const bytes = await file;
    assert.equal(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString(), 'one two');
  });

  it('that are not finished keep nobody out: the one that is silent for longest makes room', async () => {
    const read = reading();
    const stalled: Promise<unknown>[] = [];
    for (let number = 0; number < 10; number += 1) {
      const upload = new Upload();
      stalled.push(read(upload));
      upload.write('x');
      await turn();
    }
    const upload = new Upload();
    const file = read(upload);
    upload.end('whole');
    assert.equal(Buffer.from((await file) as Uint8Array).toString(), 'whole');
    assert.deepEqual(await Promise.all(stalled.slice(0, 8)), Array(8).fill('gaveWay'));
  });

  it('hold no more than so many bytes together', async () => {
    const read = reading({ uploads: 100 });
    const stalled = [new Upload(), new Upload()];
    const results = stalled.map(read);
    for (const upload of stalled) {
      upload.write(Buffer.alloc(900));
      await turn();
    }
    const upload = new Upload();
    const file = read(upload);
    upload.end(Buffer.alloc(900));
    assert.equal((await file).length, 900);
    assert.equal(await results[0], 'gaveWay');
  });

  it('end when nothing comes, and when they take too long', async () => {
    assert.equal(await reading({ silenceMs: 20 })(new Upload()), 'tooSlow');
    const upload = new Upload();
    const drip = setInterval(() => upload.write('x'), 5);
    assert.equal(await reading({ durationMs: 60 })(upload), 'tooSlow');
    clearInterval(drip);
  });

  it('are refused when they say, or turn out, to be too large', async () => {
    assert.equal(await reading()(new Upload(1_001)), 'tooLarge');
    const upload = new Upload();
    const file = reading()(upload);
    upload.write(Buffer.alloc(1_001));
    assert.equal(await file, 'tooLarge');
  });

  it('end with their connection', async () => {
    const upload = new Upload();
    const file = reading()(upload);
    upload.write('x');
    upload.destroy();
    assert.equal(await file, 'interrupted');
  });
});
