import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { DiskQueue, MemoryQueue, type DiskQueueOptions, type ObjectQueue } from '../../src/queue';
import { dieWithout } from '../support/queues/disk-queue';
import { contract } from './contract';
import { FedFolder, placeIn } from './folder-queues';

const root = mkdtempSync(join(tmpdir(), 'dicom-contract-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const onLeftover = (error: Error): void => assert.fail(error);

/** Small objects go into the log, or each becomes a file; or most do, and the log's segments are written over soon. */
const disks: [name: string, options: Partial<DiskQueueOptions>][] = [
  ['disk queue, log', { largeBytes: 1e6 }],
  ['disk queue, log of small segments', { log: { segmentBytes: 1_000, mostSegments: 3 } }],
  ['disk queue, files', { largeBytes: 0 }],
  ['disk queue, not synced', { synced: false, largeBytes: 300_000 }],
];

for (const [name, options] of disks) {
  const directories = new Map<ObjectQueue, string>();
  const open = async (directory: string, more: Partial<DiskQueueOptions> = {}): Promise<DiskQueue> => {
    const queue = new DiskQueue({
      directory,
      maxObjects: 100,
      synced: true,
      minFreeBytes: 0,
      onLeftover,
      ...options,
      ...more,
    });
    await queue.open();
    directories.set(queue, directory);
    return queue;
  };
  contract({
    name,
    create: (more) => open(join(root, String((folders += 1))), more),
    crash: (queue) => {
      dieWithout(queue as DiskQueue);
      return open(directories.get(queue) ?? assert.fail());
    },
  });
}

contract({
  name: 'memory queue',
  create: async (options = {}) => {
    const queue = new MemoryQueue({ maxObjects: 100, onLeftover, ...options });
    await queue.open();
    return queue;
  },
  crash: undefined,
});

for (const after of ['delete', 'move', 'keep'] as const) {
  const open = async (
    place: ReturnType<typeof placeIn>,
    more: ConstructorParameters<typeof FedFolder>[1] = {},
  ): Promise<FedFolder> => {
    const queue = new FedFolder(place, { after, moveTo: join(place.directory, 'done'), onLeftover, ...more });
    await queue.open();
    return queue;
  };
  contract({
    name: `watched folder, ${after}`,
    create: (more) => open(placeIn(root, `watched-${(folders += 1)}`), more),
    crash: (queue) => {
      const fed = queue as FedFolder;
      dieWithout(fed);
      return open(fed.place);
    },
  });
}
