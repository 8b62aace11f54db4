import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { FlowMessage } from '../../src/message';
import { acknowledgeIdOf, remoteHandle } from '../../src/queue';
import { ReceiverHost, type HostListener, type ReceiverEvent, type ReceiverFault } from '../../src/receiver';
import { DICOM_IN } from '../../src/settings';
import { element } from '../dicom/support/encode';
import { reportOf, reportTo } from '../support/peers/commitment';
import { freePort } from '../support/machine/free-port';
import { queuedObjects } from '../support/queues/queue-folder';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { workerOf } from '../support/workers/worker-of';

const root = mkdtempSync(join(tmpdir(), 'dicom-host-'));
const hosts: ReceiverHost[] = [];
after(async () => {
  for (const host of hosts) await host.stop(0);
  rmSync(root, { recursive: true, force: true });
});

interface Started {
  host: ReceiverHost;
  port: number;
  messages: FlowMessage[];
  events: ReceiverEvent[];
  faults: ReceiverFault[];
}

async function start(
  overrides: Record<string, unknown> = {},
  throwing: Partial<HostListener> = {},
): Promise<Started> {
  const port = await freePort();
  const { settings } = DICOM_IN.parse({ bindAddress: '127.0.0.1', port, ...overrides });
  const [messages, events, faults]: [FlowMessage[], ReceiverEvent[], ReceiverFault[]] = [[], [], []];
  const host = new ReceiverHost(
    {
      receiverId: 'test',
      settings,
      queueDirectory: join(root, String(port)),
      stepsDirectory: join(root, 'steps'),
      tellsOfObjects: true,
    },
    {
      message: (message) => messages.push(message),
      event: (event) => events.push(event),
      counters: () => undefined,
      fault: (fault) => faults.push(fault),
      recovered: () => undefined,
      query: () => undefined,
      step: () => undefined,
      report: () => Promise.resolve({ status: 0 }),
      ...throwing,
    },
  );
  hosts.push(host);
  host.start();
  await until(() => events.some(({ event }) => event === 'listening'), 'listening');
  return { host, port, messages, events, faults };
}

/** The value of Pixel Data in a Part 10 file, found by its header. */
function pixelsOf(file: Buffer | undefined): Buffer | undefined {
  const at = file?.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00])) ?? -1;
  return file?.subarray(at + 12, at + 12 + file.readUInt32LE(at + 8));
}

/** An object that encapsulates a document of an odd length. */
function encapsulating(number: number, document: string): { uid: string; dataSet: Buffer } {
  const { uid, dataSet } = sampleInstance(number);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(document.length);
  const elements = [
    element(0x00420010, 'ST', 'A report'),
    element(0x00420011, 'OB', `${document}\0`),
    element(0x00420012, 'LO', 'application/pdf '),
    element(0x00420015, 'UL', length),
  ];
  return { uid, dataSet: Buffer.concat([dataSet, ...elements]) };
}

describe('ReceiverHost', () => {
  it('hands over the document that an object encapsulates, as a Buffer, unless it is not wanted', async () => {
    const documents = [`%PDF-1.7 ${'x'.repeat(100)}`, `%PDF-1.7 ${'x'.repeat(2_000_000)}`];
    for (const output of ['none', 'buffer']) {
      const { port, messages } = await start({ output });
      const client = await StoreClient.open(port);
      for (const [number, document] of documents.entries()) {
        const { uid, dataSet } = encapsulating(number, document);
        assert.equal(await client.store(uid, dataSet), 0);
      }
      await client.release();
      await until(() => messages.length === documents.length, 'the messages');
      messages.forEach(({ dicom, payload }, index) => {
        const data = Buffer.from(documents[index] ?? '');
        assert.deepEqual(dicom.document, { mediaType: 'application/pdf', title: 'A report', data });
        assert.ok(Buffer.isBuffer(dicom.document?.data));
        const { Offset, Length } = (payload.Tags?.['PixelData'] ?? {}) as { Offset?: number; Length: number };
        if (output === 'none') assert.equal(Offset, undefined);
        else assert.deepEqual(dicom.object?.subarray(Offset, (Offset ?? 0) + Length), pixelsOf(dicom.object));
      });
    }
    const { port, messages } = await start({ document: false });
    const client = await StoreClient.open(port);
    const { uid, dataSet } = encapsulating(1, 'x');
    assert.equal(await client.store(uid, dataSet), 0);
    await until(() => messages.length === 1, 'the message');
    assert.equal(messages[0]?.dicom.document, undefined);
  });

  it('lets those report on storage commitment that it is told, also after its worker has ended', async () => {
    const reports: string[] = [];
    const { host, port, events } = await start(
      {},
      {
        report: (callingAET, { transactionUID }) => {
          reports.push(`${callingAET} ${transactionUID}`);
          return Promise.resolve({ status: transactionUID === '1.2.98' ? 0x0110 : 0 });
        },
      },
    );
    host.setReporters(['ARCHIVE']);
    assert.equal(await reportTo(port, 'ARCHIVE', reportOf('1.2.99', {})), 0);
    assert.equal(await reportTo(port, 'ARCHIVE', reportOf('1.2.98', {})), 0x0110);
    await assert.rejects(reportTo(port, 'STRANGER', reportOf('1.2.99', {})), /no response/);
    const listening = (): number => events.filter(({ event }) => event === 'listening').length;
    const before = listening();
    await workerOf(host).terminate();
    await until(() => listening() > before, 'the next worker listens');
    assert.equal(await reportTo(port, 'ARCHIVE', reportOf('1.2.99', {})), 0);
    assert.deepEqual(reports, ['ARCHIVE 1.2.99', 'ARCHIVE 1.2.98', 'ARCHIVE 1.2.99']);
  });

  for (const queue of ['disk-synced', 'memory'])
    it(`lets other threads open, park and acknowledge an object that the flow has, by its names (${queue})`, async () => {
      const { host, port, messages } = await start({ queue, acknowledge: true });
      const client = await StoreClient.open(port);
      const { uid, dataSet } = sampleInstance(1);
      assert.equal(await client.store(uid, dataSet), 0);
      await client.release();
      await until(() => messages.length === 1, 'the message');
      const id = messages[0]?.dicom.queueId.replace('test:', '') ?? '';
      const acknowledgeId = acknowledgeIdOf(id);
      assert.equal(messages[0]?.dicom.acknowledgeId, `test:${acknowledgeId}`);
      const study = messages[0]?.topic ?? '';
      assert.equal(await host.ask('waiting', study), 1);
      assert.equal(await host.ask('extend', acknowledgeId), true);
      assert.equal(await host.ask('park', acknowledgeId, 'other/1'), true);
      assert.deepEqual(await host.ask('owners'), ['other/1']);
      assert.equal(await host.ask('waiting', study), 0);
      assert.equal(await host.ask('answer', acknowledgeId, { status: 0 }), 'answered');
      const { port1, port2 } = new MessageChannel();
      const handle = remoteHandle(await host.ask('openObject', id, port1), port2);
      const blocks: Buffer[] = [];
      for await (const block of handle.blocks()) blocks.push(block);
      assert.ok(Buffer.concat(blocks).subarray(-dataSet.length).equals(dataSet));
      assert.equal(await host.ask('unpark', id, 'other/1'), 'removed');
      assert.ok((await handle.read(128, 4)).equals(Buffer.from('DICM')), 'it is pinned');
      handle.close();
      assert.equal(await host.ask('answer', id, { status: 0 }), 'alreadyAnswered');
      const gone = new MessageChannel();
      await assert.rejects(host.ask('openObject', acknowledgeId, gone.port1), /no object/);
    });

  it('delivers again what the flow gives back or a lost owner had, and what an owner gives up is a dead letter', async () => {
    const { host, port, messages, faults } = await start({ acknowledge: true });
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(2);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    await until(() => messages.length === 1, 'the message');
    const id = messages[0]?.dicom.queueId.replace('test:', '') ?? '';
    assert.equal(await host.ask('release', id), true);
    await until(() => messages.length === 2, 'it is delivered again');
    assert.equal(await host.ask('park', id, 'gone'), true);
    await host.ask('disown', ['gone']);
    await until(() => messages.length === 3, 'and again');
    assert.deepEqual(messages.map(({ dicom }) => dicom.redelivered).slice(-1), [1]);
    assert.equal(await host.ask('park', id, 'out'), true);
    assert.equal(await host.ask('answer', id, { status: 0 }), 'answered');
    assert.equal(await host.ask('giveUp', id, 'out', { status: 0xc000, comment: 'no' }), true);
    const { deadLetters } = await host.ask('deadLetters', {});
    assert.deepEqual([deadLetters[0]?.id, deadLetters[0]?.status], [id, 'C000']);
    assert.equal(deadLetters[0]?.deliveries, 2, 'what was given back counts nothing');
    assert.deepEqual(faults, []);
  });

  it('hands messages over from a worker thread, with the object where it is wanted', async () => {
    const { host, port, messages } = await start({ output: 'buffer' });
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    await until(() => messages.length === 1, 'the message');
    assert.ok(Buffer.isBuffer(messages[0]?.dicom.object));
    assert.equal(messages[0]?.payload.CommonFields?.['SOPInstanceUID'], uid);
    await until(() => queuedObjects(join(root, String(port))).length === 0, 'an empty queue');
    await host.stop(100);
  });

  it('restarts a worker that dies, tells of it, and goes on', async () => {
    const { host, port, messages, events, faults } = await start();
    await workerOf(host).terminate();
    await until(() => faults.some(({ kind }) => kind === 'workerCrashed'), 'the fault');
    assert.ok(events.some(({ event }) => event === 'worker-restarted'));
    await until(() => events.filter(({ event }) => event === 'listening').length === 2, 'listening again');
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(2);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    await until(() => messages.length === 1, 'the message');
    await host.stop(100);
  });

  it('has counters as of the drain once that is answered', async () => {
    const { host, port } = await start({ acknowledge: true, maxInFlight: 1 });
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    assert.equal(await host.drain(60_000), 1);
    const { openAssociations, queued } = host.counters();
    assert.deepEqual({ openAssociations, queued }, { openAssociations: 1, queued: 1 });
    await client.release();
    await until(() => host.counters().openAssociations === 0, 'its end');
  });

  it('stays drained when its worker is replaced, and delivers what is queued', async () => {
    const { host, port, messages, events } = await start({ acknowledge: true, maxInFlight: 1 });
    const client = await StoreClient.open(port);
    for (const number of [1, 2]) {
      const { uid, dataSet } = sampleInstance(number);
      assert.equal(await client.store(uid, dataSet), 0);
    }
    await until(() => messages.length === 1, 'the first message');
    assert.equal(await host.drain(60_000), 1);
    assert.equal(await client.store(sampleInstance(3).uid, sampleInstance(3).dataSet), 0, 'still open');
    await assert.rejects(StoreClient.open(port), /ECONNREFUSED/);
    await workerOf(host).terminate();
    assert.equal(await host.drain(60_000), 0, 'while there is no worker');
    const drained = (): ReceiverEvent[] => events.filter(({ event }) => event === 'draining');
    await until(() => drained().length === 2, 'the next worker');
    await until(() => messages.length === 2, 'a message from it');
    await assert.rejects(StoreClient.open(port), /ECONNREFUSED/);
    assert.equal(events.filter(({ event }) => event === 'listening').length, 1);
  });

  it('stops while its worker is down', async () => {
    const { host, faults } = await start();
    await workerOf(host).terminate();
    await until(() => faults.length > 0, 'the fault');
    await host.stop(100);
  });

  it('counts nothing as delivered that the flow did not take: it comes again, and then is a dead letter', async () => {
    let calls = 0;
    const { host, port, faults } = await start(
      { maxDeliveries: '2' },
      {
        message: () => {
          calls += 1;
          throw new Error('a node of the flow threw');
        },
      },
    );
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(3);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    await until(() => faults.some(({ kind }) => kind === 'notSent'), 'the dead letter');
    assert.equal(calls, 2);
    assert.equal(host.counters().delivered, 0);
    assert.equal(faults.filter(({ kind }) => kind === 'unexpected').length, 2);
    const { deadLetters, total } = await host.ask('deadLetters', {});
    assert.equal(total, 1);
    assert.match(deadLetters[0]?.why ?? '', /a node of the flow threw/);
    await host.stop(100);
  });

  it('goes on when a listener throws, and when a worker says what makes no sense', async () => {
    const { host, port, messages, faults } = await start(
      {},
      {
        counters: () => {
          throw new Error('no counting today');
        },
      },
    );
    workerOf(host).emit('message', [{ kind: 'delivery', id: 'x', json: '{"payload":"PATIENT' }]);
    await until(() => faults.some(({ values }) => /not valid JSON/.test(String(values['reason']))), 'JSON');
    assert.ok(!JSON.stringify(faults).includes('PATIENT'), 'the text is not quoted');
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(4);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    await until(() => messages.length === 1, 'the message');
    await until(() => faults.some(({ values }) => values['reason'] === 'no counting today'), 'the fault');
    await host.stop(100);
  });

  it(
    'says so where its directories cannot be made, and can be stopped',
    { skip: process.platform !== 'linux' },
    async () => {
      const { settings } = DICOM_IN.parse({ port: await freePort(), queue: 'disk' });
      const faults: ReceiverFault[] = [];
      const host = new ReceiverHost(
        {
          receiverId: 'test',
          settings,
          queueDirectory: '/proc/none/queue',
          stepsDirectory: root,
          tellsOfObjects: false,
        },
        {
          message: () => undefined,
          event: () => undefined,
          counters: () => undefined,
          fault: (fault) => faults.push(fault),
          recovered: () => undefined,
          query: () => undefined,
          step: () => undefined,
          report: () => Promise.resolve({ status: 0 }),
        },
      );
      host.start();
      await until(() => faults.length > 0, 'the fault', 60_000);
      assert.deepEqual([faults[0]?.kind, faults[0]?.values['reason']], ['queueUnusable', 'ENOENT']);
      await host.stop(100);
      assert.equal(faults.length, 1);
    },
  );

  it('tries again when no worker can be started, and stops meanwhile', async () => {
    const faults: ReceiverFault[] = [];
    const { settings } = DICOM_IN.parse({});
    const config = {
      receiverId: 'test',
      settings,
      queueDirectory: root,
      stepsDirectory: root,
      tellsOfObjects: true,
    };
    // What cannot be copied to another thread makes `new Worker` throw.
    const host = new ReceiverHost(
      { ...config, tls: { key: (() => '') as unknown as string } },
      {
        message: () => undefined,
        event: () => undefined,
        counters: () => undefined,
        fault: (fault) => faults.push(fault),
        recovered: () => undefined,
        query: () => undefined,
        step: () => undefined,
        report: () => Promise.resolve({ status: 0 }),
      },
    );
    host.start();
    assert.equal(faults[0]?.kind, 'workerCrashed');
    await until(() => faults.length === 2, 'the next attempt');
    await host.stop(100);
  });
});
