import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DiskQueue, MemoryQueue, QueueRefusal, type ObjectContent, type ObjectQueue } from '../../src/queue';

const root = mkdtempSync(join(tmpdir(), 'dicom-queue-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const folder = (): string => join(root, String((folders += 1)));

function diskQueue(directory: string, maxObjects = 100): DiskQueue {
  return new DiskQueue({
    directory,
    maxObjects,
    synced: true,
    minFreeBytes: 0,
    onLeftover: (error) => assert.fail(error),
  });
}

function bytesOf(content: ObjectContent): string {
  if (content.kind === 'memory') return content.bytes.toString();
  return readFileSync(content.fd).toString();
}

async function put(queue: ObjectQueue, ...parts: string[]): Promise<void> {
  const writer = queue.begin(Buffer.from(parts[0] ?? ''));
  for (const part of parts.slice(1)) writer.write(Buffer.from(part));
  await writer.commit();
}

const kinds: [name: string, create: (max?: number) => ObjectQueue][] = [
  ['DiskQueue', (max) => diskQueue(folder(), max)],
  ['MemoryQueue', (max = 100) => new MemoryQueue(max)],
];

for (const [name, create] of kinds) {
  describe(name, () => {
    it('gives objects back whole and in the order in which they were completed', async () => {
      const queue = create();
      await queue.open();
      const slow = queue.begin(Buffer.from('slow'));
      await put(queue, 'a', 'b', 'c');
      slow.write(Buffer.from('!'));
      await slow.commit();
      assert.equal(queue.size, 2);
      const first = queue.take();
      const second = queue.take();
      assert.equal(first?.read(bytesOf), 'abc');
      assert.equal(second?.read(bytesOf), 'slow!');
      assert.ok((first?.id ?? '') < (second?.id ?? ''));
      assert.equal(queue.take(), undefined);
      assert.equal(queue.size, 2, 'taken objects count until they are removed');
      queue.remove(first?.id ?? '');
      queue.remove(second?.id ?? '');
      assert.equal(queue.size, 0);
    });

    it('refuses more objects than it may hold, and takes them again when there is room', async () => {
      const queue = create(1);
      await queue.open();
      await put(queue, 'one');
      assert.throws(
        () => queue.begin(Buffer.from('two')),
        (error: unknown) => error instanceof QueueRefusal && error.code === 'QUEUE_FULL',
      );
      queue.remove(queue.take()?.id ?? '');
      await put(queue, 'two');
      assert.equal(queue.take()?.read(bytesOf), 'two');
    });

    it('keeps nothing of an object that is discarded', async () => {
      const queue = create();
      await queue.open();
      const writer = queue.begin(Buffer.from('head'));
      writer.write(Buffer.from('data'));
      writer.discard();
      assert.equal(queue.size, 0);
      assert.equal(queue.take(), undefined);
    });

    it('shows what has been written before it is committed', async () => {
      const queue = create();
      await queue.open();
      const writer = queue.begin(Buffer.from('head'));
      writer.write(Buffer.from('data'));
      const content = writer.content();
      assert.equal(content.kind === 'memory' ? content.bytes.length : content.size, 8);
      writer.discard();
    });
  });
}

describe('DiskQueue on its disk', () => {
  it('finds complete objects of an earlier run first, in order and marked, and drops half-written ones', async () => {
    const directory = folder();
    const before = diskQueue(directory);
    await before.open();
    for (const text of ['one', 'two', 'three']) await put(before, text);
    before.begin(Buffer.from('half'));
    // No close: the process died here.
    writeFileSync(join(directory, 'notes.dcm'), 'not ours');

    const queue = diskQueue(directory);
    await queue.open();
    await put(queue, 'new');
    const found = [queue.take(), queue.take(), queue.take(), queue.take()];
    assert.deepEqual(
      found.map((object) => [object?.read(bytesOf), object?.redelivered]),
      [
        ['one', 1],
        ['two', 1],
        ['three', 1],
        ['new', 0],
      ],
    );
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.part')).length, 0);
    assert.ok(readdirSync(directory).includes('notes.dcm'));
  });

  it('keeps order and ids apart when the clock was set back', async () => {
    const directory = folder();
    const queue = diskQueue(directory);
    await queue.open();
    await put(queue, 'placeholder');
    const [name = ''] = readdirSync(directory);
    const future = `9000000000000-${name.slice(14)}`;
    writeFileSync(join(directory, future), 'from the future');
    const reopened = diskQueue(directory);
    await reopened.open();
    await put(reopened, 'later');
    const texts = [reopened.take(), reopened.take(), reopened.take()].map((object) => object?.read(bytesOf));
    assert.deepEqual(texts, ['placeholder', 'from the future', 'later']);
  });

  it('is for the owner only', async () => {
    const directory = folder();
    const queue = diskQueue(directory);
    await queue.open();
    await put(queue, 'private');
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    const [name = ''] = readdirSync(directory);
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
  });

  it('refuses, and keeps nothing, when its directory vanishes, and recovers with it', async () => {
    const directory = folder();
    const queue = diskQueue(directory);
    await queue.open();
    const writer = queue.begin(Buffer.from('head'));
    rmSync(directory, { recursive: true });
    await assert.rejects(writer.commit(), (error: unknown) => error instanceof QueueRefusal);
    assert.throws(() => queue.begin(Buffer.from('x')), QueueRefusal);
    assert.equal(queue.size, 0);
    await queue.open();
    await put(queue, 'again');
    assert.equal(queue.take()?.read(bytesOf), 'again');
  });

  it('sets an object aside with the reason', async () => {
    const directory = folder();
    const queue = diskQueue(directory);
    await queue.open();
    await put(queue, 'odd');
    const id = queue.take()?.id ?? '';
    queue.setAside(id, 'cannot be converted');
    assert.equal(queue.size, 0);
    assert.equal(readFileSync(join(directory, 'dead-letter', `${id}.dcm`), 'utf8'), 'odd');
    const note = JSON.parse(readFileSync(join(directory, 'dead-letter', `${id}.json`), 'utf8')) as object;
    assert.ok('why' in note && note.why === 'cannot be converted');
  });

  it('says so when it cannot have its directory', async () => {
    const file = folder();
    writeFileSync(file, 'a file where the directory should be');
    chmodSync(file, 0o600);
    await assert.rejects(diskQueue(join(file, 'queue')).open(), /ENOTDIR/);
  });
});
