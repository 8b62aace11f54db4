import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DiskQueue, ObjectDamaged, QueueRefusal, type QueuedObject } from '../../src/queue';
import { nextTurn } from '../support/disk-queue';
import { PowerCutDisk, seeded } from '../support/power-cut-disk';
import { textOf } from '../support/queue-folder';

/** `POWER_CUTS=20000` for a long run. Each disk is cut off three times. */
const DISKS = Number(process.env['POWER_CUTS'] ?? 400);
const CUTS = 3;
const STEPS_TO_A_CUT = 250;
/** Small enough that many segments come and go, and large that some objects become files. */
const LOG = { segmentBytes: 4_000, mostSegments: 3, idleMs: 5 };
const LARGE_BYTES = 1_500;
const DIRECTORY = '/data/new/queue';

interface World {
  random: () => number;
  disk: PowerCutDisk;
  /** Texts of what was answered Success and has not left, by id. */
  safe: Map<string, string>;
  /** Of everything that was ever sent. */
  sent: Set<string>;
  told: string[];
}

function newWorld(seed: number): World {
  const random = seeded(seed);
  return { random, disk: new PowerCutDisk(random), safe: new Map(), sent: new Set(), told: [] };
}

const pick = (random: () => number, count: number): number => Math.floor(random() * count);

function queueOn({ disk, told }: World, synced: boolean): DiskQueue {
  return new DiskQueue(
    {
      directory: DIRECTORY,
      maxObjects: 1_000,
      synced,
      minFreeBytes: 0,
      largeBytes: LARGE_BYTES,
      log: LOG,
      onLeftover: ({ message }) => told.push(message),
    },
    disk.files,
  );
}

/** Sends an object; it is safe when this resolves, and the power is still there. */
async function store(world: World, queue: DiskQueue): Promise<void> {
  const { random, disk, safe, sent } = world;
  const text = `${sent.size}:`.padEnd(20 + pick(random, 2_500), String(sent.size));
  sent.add(text);
  const bytes = Buffer.from(text);
  try {
    const writer = queue.begin(bytes.subarray(0, 10));
    for (let at = 10; at < bytes.length; at += 700) writer.write(bytes.subarray(at, at + 700));
    safe.set(await writer.commit(), text);
  } catch (error) {
    assert.ok(error instanceof QueueRefusal && disk.left <= 0, String(error));
  }
}

/** Objects come and go at random until the power is cut. */
async function work(world: World, queue: DiskQueue, held: QueuedObject[]): Promise<void> {
  const { random, disk, safe } = world;
  const coming: Promise<void>[] = [];
  while (disk.left > 0) {
    const what = random();
    const index = pick(random, held.length);
    if (what < 0.5) coming.push(store(world, queue));
    else if (what < 0.6) await Promise.all(coming.splice(0));
    else if (what < 0.7) {
      const object = queue.take();
      if (object !== undefined) held.push(object);
    } else if (what < 0.85) {
      for (const { id } of held.splice(index, 1 + pick(random, 3))) {
        safe.delete(id);
        queue.remove(id);
      }
    } else if (what < 0.9) held.splice(index, 1).forEach(({ id }) => queue.setAside(id, 'set aside'));
    else if (what < 0.93) held.splice(index, 1).forEach(({ id }) => queue.release(id));
    else await nextTurn();
  }
  await Promise.all(coming);
}

/**
 * What there is when the power is back.
 * @returns the objects that wait, taken; those that have to be alone are removed
 */
async function recover(world: World, queue: DiskQueue, synced: boolean): Promise<QueuedObject[]> {
  const { disk, safe } = world;
  await queue.open();
  const found = new Set<string>();
  const held: QueuedObject[] = [];
  while (queue.size > held.length) {
    const object = await takeSoon(queue);
    if (object !== undefined) {
      if (isWhole(world, object, synced)) found.add(object.id);
      held.push(object);
      continue;
    }
    const alone = held.pop() ?? assert.fail('nothing is taken, and nothing can be');
    queue.remove(alone.id);
  }
  for (const letter of await queue.deadLetters.list()) found.add(letter.id);
  if (synced) {
    for (const id of safe.keys()) assert.ok(found.has(id), `${id} was answered Success, and is lost`);
    const damaged = disk.names(DIRECTORY).filter((name) => name.endsWith('.damaged'));
    assert.deepEqual(damaged, [], world.told.join('\n'));
  }
  const waiting = new Set(held.map(({ id }) => id));
  for (const id of safe.keys()) if (!waiting.has(id)) safe.delete(id);
  return held;
}

/** Files are looked at before they are given. */
async function takeSoon(queue: DiskQueue): Promise<QueuedObject | undefined> {
  for (let turn = 0; turn < 20; turn += 1) {
    const object = queue.take();
    if (object !== undefined) return object;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

/** It is what was received. False: it says that it is not. */
function isWhole({ disk, safe, sent }: World, object: QueuedObject, synced: boolean): boolean {
  try {
    const text = object.read(textOfDisk(disk));
    assert.ok(sent.has(text), `${object.id}: other bytes than any that were sent`);
    assert.ok(!safe.has(object.id) || safe.get(object.id) === text, `${object.id}: other bytes than its own`);
    return true;
  } catch (error) {
    assert.ok(error instanceof ObjectDamaged && !synced, String(error));
    return false;
  }
}

/** `textOf` reads real files. */
const textOfDisk =
  (disk: PowerCutDisk): typeof textOf =>
  (content) => {
    if (content.kind === 'memory') return textOf(content);
    const bytes = Buffer.alloc(content.size);
    disk.files.readSync(content.fd, bytes, 0, content.size, 0);
    return bytes.toString();
  };

describe('a disk queue whose power is cut', () => {
  for (const synced of [true, false]) {
    const promise = synced
      ? 'nothing is lost that was answered Success, nothing is given that was not received, and nothing looks damaged'
      : 'nothing is given that was not received (what is not synced may be lost)';
    it(`${promise} (${synced ? 'disk-synced' : 'disk'}, ${DISKS * CUTS} cuts)`, async () => {
      for (let seed = 1; seed <= DISKS; seed += 1) {
        const world = newWorld(seed);
        try {
          await cutThreeTimes(world, synced);
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    });
  }

  it('loses nothing in either mode when only the process is killed', async () => {
    for (const synced of [true, false]) {
      for (let seed = 1; seed <= DISKS / 5; seed += 1) {
        const world = newWorld(seed);
        for (let kill = 0; kill < CUTS; kill += 1) {
          const queue = queueOn(world, synced);
          const held = await recover(world, queue, true).catch((error: unknown) => {
            throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
          });
          world.disk.left = pick(world.random, STEPS_TO_A_CUT);
          await work(world, queue, held);
          world.disk = world.disk.afterKill();
        }
      }
    }
  });
});

async function cutThreeTimes(world: World, synced: boolean): Promise<void> {
  const { random } = world;
  let queue = queueOn(world, synced);
  let held = await recover(world, queue, synced);
  for (let cut = 0; cut < CUTS; cut += 1) {
    world.disk.left = pick(random, STEPS_TO_A_CUT);
    await work(world, queue, held);
    world.disk = world.disk.afterPowerCut();
    queue = queueOn(world, synced);
    held = await recover(world, queue, synced);
    // Now and then somebody stops it in between.
    if (random() > 0.3) continue;
    queue.close();
    queue = queueOn(world, synced);
    held = await recover(world, queue, synced);
  }
  queue.close();
}
