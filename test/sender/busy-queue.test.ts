import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import { type ObjectHandle, type OpenedObject, QueueBusy, serveHandle } from '../../src/queue';
import type { SendOutcome } from '../../src/sender';
import type { OutboxUser } from '../../src/sender/sender-host';
import { WorkerNotRunning } from '../../src/worker';
import { MisbehavingScp } from '../support/peers/misbehaving-scp';
import { SAMPLE } from '../support/peers/store-client';
import { QUICK, Sending } from './sending';

const folder = mkdtempSync(join(tmpdir(), 'dicom-busy-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Opens the sample for another thread, after it could not so often. */
function opening(failures: Error[]): (port: MessagePort) => Promise<OpenedObject> {
  const bytes = readFileSync(SAMPLE);
  const handle: Partial<ObjectHandle> = {
    id: 'sample',
    size: bytes.length,
    readUncompared: (offset, length) =>
      Promise.resolve(Buffer.from(Uint8Array.from(bytes.subarray(offset, offset + length)).buffer)),
    close: () => undefined,
  };
  return (port) => {
    const failure = failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(serveHandle(handle as ObjectHandle, port));
  };
}

/** Another thread's error comes with its code only. */
const FOR_NOW = (): Error[] => [
  Object.assign(new Error('64 objects are open at once'), { code: new QueueBusy('').code }),
  new WorkerNotRunning('the dicom-in node of the object is not deployed'),
];

const nobody: OutboxUser = {
  state: () => undefined,
  outcome: () => assert.fail(),
  leftover: assert.fail,
  peerWanted: assert.fail,
  setAside: assert.fail,
};
const place = { kind: 'queue', queueId: 'in:1' } as const;

describe('an object whose queue cannot open it now', () => {
  it('is sent as soon as it can', async () => {
    const archive = await MisbehavingScp.listen();
    const sending = new Sending();
    cleanUps.push(
      () => archive.stop(),
      () => sending.stop(),
    );
    sending.peer('peer', archive.port);
    const outcome = await new Promise<SendOutcome>((settled) =>
      sending.host.send({
        id: '1',
        peer: 'peer',
        place,
        policy: QUICK,
        openObject: opening(FOR_NOW()),
        settled,
      }),
    );
    assert.deepEqual([outcome.kind, outcome.attempts, archive.objects.length], ['sent', 1, 1]);
  });

  for (const { when, failures, expected } of [
    { when: 'is stored in an outbox as soon as it can', failures: FOR_NOW(), expected: 'sent' },
    { when: 'is not, where that will not change', failures: [new Error('it is gone')], expected: 'failed' },
  ])
    it(when, async () => {
      const sending = new Sending();
      cleanUps.push(() => sending.stop());
      sending.host.addOutbox(
        { id: 'out', directory: join(folder, expected), maxObjects: 10, minFreeBytes: 0, policy: QUICK },
        nobody,
      );
      const note = { sentId: '1', peer: 'gone', storedAt: new Date().toISOString() };
      const outcome = await new Promise<SendOutcome>((settled) =>
        sending.host.store(
          { id: 'out 1', peer: 'gone', place, policy: QUICK, openObject: opening(failures), settled },
          'out',
          note,
        ),
      );
      assert.equal(outcome.kind, expected);
    });

  it('is not stored in an outbox that has been closed meanwhile: the next one has its directory', async () => {
    const sending = new Sending();
    cleanUps.push(() => sending.stop());
    const directory = join(folder, 'closed');
    const outbox = { id: 'out', directory, maxObjects: 1_000, minFreeBytes: 0, policy: QUICK };
    const note = { sentId: '1', peer: 'gone', storedAt: new Date().toISOString() };
    for (const number of [1, 2, 3]) {
      sending.host.addOutbox(outbox, nobody);
      await sending.host.ask('deadLetters', 'out', {});
      let ask = (): void => undefined;
      const asked = new Promise<void>((resolve) => (ask = resolve));
      let goOn = (): void => undefined;
      const read = new Promise<void>((resolve) => (goOn = resolve));
      const openObject = async (port: MessagePort): Promise<OpenedObject> => {
        ask();
        await read;
        return opening([])(port);
      };
      const settled = new Promise((resolve) =>
        sending.host.store(
          { id: `out ${number}`, peer: 'gone', place, policy: QUICK, openObject, settled: resolve },
          'out',
          note,
        ),
      );
      await asked;
      await sending.host.removeOutbox('out');
      goOn();
      assert.equal(((await settled) as SendOutcome).kind, 'failed');
      assert.deepEqual(existsSync(directory) ? readdirSync(directory) : [], []);
    }
  });
});
