import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DiskQueue,
  ObjectDamaged,
  QueueRefusal,
  type ObjectHandle,
  type QueuedObject,
} from '../../src/queue';
import { nextTurn } from '../support/queues/disk-queue';
import { PowerCutDisk, seeded } from './power-cut-disk';
import { textOf } from '../support/queues/queue-folder';

const CUTS = 3;
const STEPS_TO_A_CUT = 250;
/** Small enough that many segments come and go, and large that some objects become files. */
const LOG = { segmentBytes: 4_000, mostSegments: 3, idleMs: 5 };
const LARGE_BYTES = 1_500;
const DIRECTORY = '/data/new/queue';

interface World {
  synced: boolean;
  random: () => number;
  disk: PowerCutDisk;
  /** Texts of what was answered Success and has not left, by id. */
  safe: Map<string, string>;
  /** Of everything that was ever sent. */
  sent: Set<string>;
  /** Ids of what is parked for sure. */
  parked: Set<string>;
  /** Ids of what was removed for sure: that it was is on the disk. */
  gone: Set<string>;
  /** Ids of what was to become a dead letter at any time. */
  setAside: Set<string>;
  /** Open objects, and their texts. */
  open: { handle: ObjectHandle; text: string }[];
  told: string[];
}

function newWorld(seed: number, synced: boolean): World {
  const random = seeded(seed);
  return {
    synced,
    random,
    disk: new PowerCutDisk(random),
    safe: new Map(),
    sent: new Set(),
    parked: new Set(),
    gone: new Set(),
    setAside: new Set(),
    open: [],
    told: [],
  };
}

const pick = (random: () => number, count: number): number => Math.floor(random() * count);

function queueOn({ disk, told, synced }: World): DiskQueue {
  return new DiskQueue(
    {
      directory: DIRECTORY,
      maxObjects: 1_000,
      synced,
      minFreeBytes: 0,
      largeBytes: LARGE_BYTES,
      log: LOG,
      // Small enough that some of what is kept goes before its time.
      keepDeliveredMs: 20,
      keepDeliveredBytes: 6_000,
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
    for (let at = 10; at < bytes.length; at += 700) writer.append(bytes.subarray(at, at + 700));
    safe.set(await writer.complete(), text);
  } catch (error) {
    assert.ok(error instanceof QueueRefusal && disk.left <= 0, String(error));
  }
}

const OWNER = 'node/1';

/** False: the power was cut meanwhile, and nobody knows. */
async function done({ disk }: World, operation: Promise<unknown>): Promise<boolean> {
  try {
    await operation;
    return disk.left > 0;
  } catch (error) {
    assert.ok(disk.left <= 0, String(error));
    return false;
  }
}

/** Removes an object; that it has gone is safe when this resolves, and the power is still there. */
async function remove(world: World, queue: DiskQueue, id: string): Promise<void> {
  world.safe.delete(id);
  if (await done(world, queue.remove(id))) world.gone.add(id);
}

/** Parks an object, which the flow may have got for good. */
async function park(world: World, queue: DiskQueue, id: string, isKept: boolean): Promise<void> {
  const text = world.safe.get(id);
  if (isKept) {
    world.safe.delete(id);
    queue.keepDelivered(id);
    if (world.random() < 0.5) await nextTurn();
  }
  let isParked = false;
  if (
    !(await done(
      world,
      queue.park(id, OWNER).then((there) => (isParked = there)),
    )) ||
    !isParked
  )
    return;
  world.parked.add(id);
  if (text !== undefined) world.safe.set(id, text);
}

/** The owner is done with one, and so is the flow. */
async function unpark(world: World, queue: DiskQueue, id: string): Promise<void> {
  world.parked.delete(id);
  world.safe.delete(id);
  const both = queue.remove(id).then(() => queue.unpark(id, OWNER));
  if (await done(world, both)) world.gone.add(id);
}

async function open(world: World, queue: DiskQueue, id: string): Promise<void> {
  const text = world.safe.get(id);
  if (text === undefined) return;
  await done(
    world,
    queue.openObject(id).then((handle) => void world.open.push({ handle, text })),
  );
}

async function setAside(world: World, queue: DiskQueue, id: string): Promise<void> {
  world.setAside.add(id);
  if (await queue.setAside(id, 'set aside')) return;
  // Nothing has changed, and it is tried again later.
  assert.ok(world.disk.left <= 0, `${id} could not be set aside`);
}

/** Whatever has become of the object: its bytes are there. */
async function readAndClose(world: World, { handle, text }: World['open'][number]): Promise<void> {
  const blocks: Buffer[] = [];
  const read = async (): Promise<void> => {
    for await (const block of handle.blocks()) blocks.push(block);
  };
  // A file that was not synced may be torn.
  const intact = read().catch((error: unknown) => {
    if (world.synced || !(error instanceof ObjectDamaged)) throw error;
    blocks.splice(0, blocks.length, Buffer.from(text));
  });
  if (await done(world, intact)) assert.equal(Buffer.concat(blocks).toString(), text);
  await done(
    world,
    Promise.resolve().then(() => handle.close()),
  );
}

/** Objects come and go at random until the power is cut. */
async function work(world: World, queue: DiskQueue, held: QueuedObject[]): Promise<void> {
  const { random, disk } = world;
  const coming: Promise<void>[] = [];
  const heldOne = (): QueuedObject | undefined => held.splice(pick(random, held.length), 1)[0];
  const withOne = (act: (id: string) => Promise<void>): void => {
    const object = heldOne();
    if (object !== undefined) coming.push(act(object.id));
  };
  while (disk.left > 0) {
    const what = random();
    if (what < 0.42) coming.push(store(world, queue));
    else if (what < 0.52) await Promise.all(coming.splice(0));
    else if (what < 0.65) {
      const object = queue.take();
      if (object !== undefined) held.push(object);
    } else if (what < 0.75)
      for (let some = 1 + pick(random, 3); some > 0; some -= 1) withOne((id) => remove(world, queue, id));
    else if (what < 0.8) withOne((id) => park(world, queue, id, random() < 0.5));
    else if (what < 0.83) {
      const [id] = world.parked;
      if (id !== undefined) coming.push(unpark(world, queue, id));
    } else if (what < 0.86) {
      const object = heldOne();
      if (object === undefined) continue;
      world.safe.delete(object.id);
      queue.keepDelivered(object.id);
    } else if (what < 0.89) {
      const object = held[pick(random, held.length)];
      if (object !== undefined) coming.push(open(world, queue, object.id));
    } else if (what < 0.92) {
      const one = world.open.shift();
      if (one !== undefined) coming.push(readAndClose(world, one));
    } else if (what < 0.94) withOne((id) => setAside(world, queue, id));
    else if (what < 0.96) {
      const object = heldOne();
      if (object !== undefined) queue.release(object.id);
    } else await nextTurn();
  }
  await Promise.all(coming);
  world.open = [];
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
  for (const id of world.parked) {
    if (!synced) break;
    const { state } = await queue.unpark(id, OWNER);
    assert.ok(state === 'in-flight' || state === 'removed', `${id} was parked, and is ${state}`);
    if (state === 'in-flight') await queue.park(id, OWNER);
    else safe.delete(id);
  }
  world.parked.clear();
  await queue.disown(OWNER);
  assert.deepEqual(await queue.owners(), []);
  while (queue.size > held.length) {
    const object = await takeSoon(queue);
    if (object !== undefined) {
      if (isWhole(world, object, synced)) found.add(object.id);
      held.push(object);
      continue;
    }
    const alone = held.pop() ?? assert.fail('nothing is taken, and nothing can be');
    await queue.remove(alone.id);
  }
  if (synced) for (const id of found) assert.ok(!world.gone.has(id), `${id} was removed, and is there again`);
  await judgeLetters(world, queue, found, synced);
  if (synced) {
    for (const id of safe.keys()) assert.ok(found.has(id), `${id} was answered Success, and is lost`);
    const damaged = disk.names(DIRECTORY).filter((name) => name.endsWith('.damaged'));
    assert.deepEqual(damaged, [], world.told.join('\n'));
  }
  const waiting = new Set(held.map(({ id }) => id));
  for (const id of safe.keys()) if (!waiting.has(id)) safe.delete(id);
  return held;
}

/**
 * A dead letter is of an object that was to become one, and whole where it is all that there is. Where the power was cut
 * while the letter was made, or before the disk knew that the object had left the queue, the object comes again, and the
 * letter is gone.
 * @param found ids of what waits; those of dead letters are added
 */
async function judgeLetters(
  { disk, safe, setAside: aside }: World,
  queue: DiskQueue,
  found: Set<string>,
  synced: boolean,
): Promise<void> {
  for (const { id } of await queue.deadLetters.list({ limit: 1_000 })) {
    assert.ok(aside.has(id), `${id} is a dead letter, and nobody set it aside`);
    const text = safe.get(id);
    assert.ok(!found.has(id), `${id} is in the queue and a dead letter`);
    if (synced && text !== undefined)
      assert.equal(disk.textOf(`${DIRECTORY}/dead-letter/${id}.dcm`), text, 'the only copy');
    found.add(id);
  }
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

async function cutThreeTimes(world: World, synced: boolean): Promise<void> {
  const { random } = world;
  let queue = queueOn(world);
  let held = await recover(world, queue, synced);
  for (let cut = 0; cut < CUTS; cut += 1) {
    world.disk.left = pick(random, STEPS_TO_A_CUT);
    await work(world, queue, held);
    world.disk = world.disk.afterPowerCut();
    queue = queueOn(world);
    held = await recover(world, queue, synced);
    // Now and then somebody stops it in between.
    if (random() > 0.3) continue;
    queue.close();
    queue = queueOn(world);
    held = await recover(world, queue, synced);
  }
  queue.close();
}

/** @param disks how many; each is cut off three times */
export function powerCuts(disks: number): void {
  describe('a disk queue whose power is cut', () => {
    for (const synced of [true, false]) {
      const promise = synced
        ? 'nothing is lost that was answered Success, nothing is given that was not received, and nothing looks damaged'
        : 'nothing is given that was not received (what is not synced may be lost)';
      it(`${promise} (${synced ? 'disk-synced' : 'disk'}, ${disks * CUTS} cuts)`, async () => {
        for (let seed = 1; seed <= disks; seed += 1) {
          const world = newWorld(seed, synced);
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
        for (let seed = 1; seed <= disks / 5; seed += 1) {
          const world = newWorld(seed, synced);
          for (let kill = 0; kill < CUTS; kill += 1) {
            const queue = queueOn(world);
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
}
