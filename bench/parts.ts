/**
 * Parts of the code beside the simpler ones that they took the place of: `npm run bench -- --parts`. What does not win here
 * goes. CPU time of this process, system included; by turns, medians of the rounds.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { remembered } from '../src/basics';
import { base64, type Element } from '../src/dicom/data-set';
import { writeInlineBinary } from '../src/dicom/json/bulk-data';
import { VR } from '../src/dicom/standard';
import { bufferSource, readFileMeta } from '../src/dicom';
import { asciiBytes, JsonText } from '../src/dicom/text';
import { Journal } from '../src/journal';
import { patientIn } from '../src/object';
import { DiskQueue, MemoryQueue, type KeepLimits, type ObjectQueue } from '../src/queue';
import { SAMPLE } from '../test/support/peers/store-client';
import { number, table } from './support/markdown';
import { median } from './support/median';

/** Does this much work; resolves when it is done. */
type Work = (count: number) => Promise<void> | void;

/** The code as it is, and what is compared with it. */
interface Part {
  title: string;
  real: [name: string, start: () => Running];
  other: [name: string, start: () => Running];
  count: number;
}

interface Running {
  work: Work;
  stop?: () => void;
}

const ROUNDS = 5;
const QUICK = 500_000;
const OBJECTS = 6_000;
const EXPLICIT = '1.2.840.10008.1.2.1';

async function microseconds(start: () => Running, count: number): Promise<number> {
  const { work, stop } = start();
  try {
    await work(count);
    const before = process.cpuUsage();
    await work(count);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  } finally {
    stop?.();
  }
}

async function compared({ title, real, other, count }: Part): Promise<string[][]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [index, [, start]] of [real, other].entries())
      times[index]?.push(await microseconds(start, count));
  const [ours, theirs] = times.map(median) as [number, number];
  return [
    [`${title}: ${real[0]}`, number(ours, 3), number(1, 2)],
    [`${title}: ${other[0]}`, number(theirs, 3), number(theirs / ours, 2)],
  ];
}

const repeat = (act: () => void): Running => ({
  work: (count) => {
    for (let done = 0; done < count; done += 1) act();
  },
});

/** Private attributes that were sent as UN come by the hundred. */
function base64Part(length: number): Part {
  const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 37) & 0xff));
  const element = { start: 0, offset: 0, length, bigEndian: false, bytes } as Element;
  const out = new JsonText();
  const key = asciiBytes(',"InlineBinary":"');
  const quote = asciiBytes('"');
  const ours = (): void => {
    out.cut(0);
    writeInlineBinary(out, element, VR.UN, bytes);
  };
  const buffers = (): void => {
    out.cut(0);
    out.copy(key);
    out.ascii(base64(element, VR.UN, bytes));
    out.copy(quote);
  };
  return {
    title: `base64 of ${length} bytes`,
    real: ['a loop', () => repeat(ours)],
    other: ['Buffer', () => repeat(buffers)],
    count: QUICK,
  };
}

function rememberedPart(): Part {
  const make = (tag: number): Uint8Array => asciiBytes(`"${tag.toString(16).padStart(8, '0')}":`);
  const known = remembered(make);
  const tags = Array.from({ length: 200 }, (_, index) => 0x00080000 + 7 * index);
  const each = (text: (tag: number) => Uint8Array): Running => {
    let at = 0;
    return repeat(() => text(tags[(at = (at + 1) % tags.length)] ?? 0));
  };
  return {
    title: 'key of a tag',
    real: ['remembered', () => each(known)],
    other: ['made each time', () => each(make)],
    count: QUICK,
  };
}

const HEAD = Buffer.alloc(400, 1);
const BODY = Buffer.alloc(5_000, 2);
const KEPT: KeepLimits = { keepDeliveredMs: 60_000, keepDeliveredBytes: 512e6 };
const KEPT_IN_MEMORY: KeepLimits = { keepDeliveredMs: 60_000, keepDeliveredBytes: 64e6 };

/** Objects that come, are claimed and read, and have been delivered: one at a time. */
function through(queue: ObjectQueue, stop: () => void): Running {
  let opened: Promise<void> | undefined;
  return {
    work: async (count) => {
      await (opened ??= queue.open());
      for (let done = 0; done < count; done += 1) {
        const writer = queue.begin(HEAD);
        writer.append(BODY);
        writer.content();
        await writer.complete({ studyInstanceUID: '1.2.3' });
        const [object] = await queue.claim(1);
        if (object === undefined) throw new Error('nothing waits');
        object.read(() => undefined);
        queue.delivered(object.id);
        queue.keepDelivered(object.id);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    stop,
  };
}

interface DiskCase {
  synced?: boolean;
  mostSpares?: number;
  keep?: KeepLimits;
}

function onDisk({ synced = false, mostSpares, keep }: DiskCase): () => Running {
  return () => {
    const directory = mkdtempSync(join(tmpdir(), 'bench-parts-'));
    const queue = new DiskQueue({
      directory,
      synced,
      minFreeBytes: 0,
      maxObjects: 1_000,
      onLeftover,
      ...(mostSpares !== undefined && { log: { mostSpares } }),
      ...keep,
    });
    return through(queue, () => {
      queue.close();
      rmSync(directory, { recursive: true });
    });
  };
}

function inMemory(keep?: KeepLimits): () => Running {
  return () => {
    const queue = new MemoryQueue({ maxObjects: 1_000, onLeftover, ...keep });
    return through(queue, () => queue.close());
  };
}

function onLeftover(error: Error): void {
  throw error;
}

/** An entry of a received object, and every thousand of them are on the disk. */
function journal(withPatient: boolean): Running {
  const directory = mkdtempSync(join(tmpdir(), 'bench-parts-'));
  const journal = new Journal({ directory, failed: onLeftover });
  const file = readFileSync(SAMPLE);
  const beginning = file.subarray(readFileMeta(bufferSource(file)).dataSetOffset);
  const entry = {
    direction: 'in',
    outcome: 'received',
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUID: '2.25.101203456789012345678901100000001',
    callingAET: 'CT01',
    calledAET: 'HL7SOUP_SCP',
    remoteAddress: '10.0.0.1',
    status: '0000',
    bytes: 524_288,
    transferSyntaxUID: EXPLICIT,
    objectId: '1795694222154-0000000002-10362-5a179118-e0df07d3f486cb53bf321c9cb4962617',
  } as const;
  return {
    work: async (count) => {
      for (let done = 0; done < count; done += 1) {
        const patient = withPatient ? patientIn(beginning, EXPLICIT) : {};
        journal.append({ at: new Date().toISOString(), ...entry, ...patient });
        if (done % 1_000 === 999) await journal.page({ limit: 1 });
      }
    },
    stop: () => {
      void journal.close().then(() => rmSync(directory, { recursive: true }));
    },
  };
}

const PARTS: readonly Part[] = [
  base64Part(8),
  base64Part(16),
  base64Part(32),
  rememberedPart(),
  {
    title: 'queue, disk',
    real: ['spare segments', onDisk({})],
    other: ['new segments', onDisk({ mostSpares: 0 })],
    count: OBJECTS,
  },
  {
    title: 'queue, disk-synced',
    real: ['spare segments', onDisk({ synced: true })],
    other: ['new segments', onDisk({ synced: true, mostSpares: 0 })],
    count: OBJECTS / 2,
  },
  {
    title: 'queue, disk',
    real: ['delivered objects go', onDisk({})],
    other: ['kept for 60 s', onDisk({ keep: KEPT })],
    count: OBJECTS,
  },
  {
    title: 'queue, memory',
    real: ['delivered objects go', inMemory()],
    other: ['kept for 60 s', inMemory(KEPT_IN_MEMORY)],
    count: OBJECTS,
  },
  {
    title: 'journal, entry',
    real: ['UIDs', () => journal(false)],
    other: ['with the patient', () => journal(true)],
    count: 2 * OBJECTS,
  },
];

async function main(): Promise<void> {
  const rows: string[][] = [];
  for (const part of PARTS) rows.push(...(await compared(part)));
  console.log(table(['variant', 'µs CPU', 'ratio'], rows));
}

void main();
