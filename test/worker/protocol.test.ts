import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { PROTOCOL } from '../../src/worker/protocol';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { fingerprint, shapesOf } from './shapes';

const FIXTURE = 'test/fixtures/protocol.json';

/** What goes between the main thread and its workers. A new worker's configuration, messages and requests belong here. */
const SPOKEN = {
  'src/worker/protocol.ts': ['WorkerStart', 'Hello', 'ToWorker', 'FromWorker'],
  'src/receiver/receiver-config.ts': ['ReceiverConfig'],
  'src/receiver/worker-protocol.ts': ['ToReceiver', 'FromReceiver'],
  'src/receiver/requests.ts': ['ReceiverRequests'],
  'src/watch/watch-config.ts': ['WatchConfig'],
  'src/watch/worker-protocol.ts': ['ToWatch', 'FromWatch'],
  'src/delivery/queue-requests.ts': ['QueueRequests'],
  'src/sender/worker-protocol.ts': ['ToSender', 'FromSender'],
  'src/sender/requests.ts': ['SenderRequests'],
  'src/edit/requests.ts': ['EditRequests'],
  'src/image/requests.ts': ['ImageRequests'],
  'src/sample/sample-host.ts': ['SampleJob', 'SampleOutcome'],
};

it('what threads say to each other has a number, which is raised with every change of it', () => {
  const known = JSON.parse(readFileSync(join(PACKAGE_DIR, FIXTURE), 'utf8')) as unknown;
  const shapes = fingerprint(SPOKEN);
  const { protocol, shapes: before } = known as { protocol: number; shapes: string };
  const next = shapes === before ? PROTOCOL : protocol + 1;
  assert.deepEqual(
    { protocol: PROTOCOL, shapes },
    { protocol: next, shapes: before },
    `What the main thread and a worker say to each other has changed, so that old and new code would misunderstand each
other. Do both: set PROTOCOL in src/worker/protocol.ts to ${next}, and write into ${FIXTURE}:
${JSON.stringify({ protocol: next, shapes })}`,
  );
});

it('what is compared are values, not how their types are written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shapes-'));
  const written = [
    `const KINDS = ['a', 'b'] as const;
    interface All { a: string; b?: number; c: boolean }
    export interface Said { kind: (typeof KINDS)[number]; some: Pick<All, 'a' | 'b'>; again?: Said[] }`,
    `/** The same in other words. */
    type Some = { b?: number } & { a: string };
    export type Said = { again?: Array<Said>; some: Some; kind: 'b' | 'a' };`,
    `export interface Said { kind: 'a' | 'b'; some: { a: string; b: number }; again?: Said[] }`,
    `export interface Said { kind: 'a' | 'c'; some: { a: string; b?: number }; again?: Said[] }`,
    `export interface Said { kind: 'a' | 'b'; some: { a: string; b?: number }; again?: Map<string, Said> }`,
  ];
  try {
    mkdirSync(join(folder, 'src'));
    const types = Object.fromEntries(written.map((_, at) => [join('src', `${at}.ts`), ['Said']]));
    for (const [at, text] of written.entries()) writeFileSync(join(folder, 'src', `${at}.ts`), text);
    const [first, same, ...others] = shapesOf(types, folder).values();
    assert.equal(same, first);
    assert.equal(new Set([first, ...others]).size, 4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
