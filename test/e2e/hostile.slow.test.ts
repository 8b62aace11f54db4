import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { element } from '../dicom/support/encode';
import { flowNode, receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { memoryProbe, residentMb } from '../support/node-red/memory-probe';
import { MessageSink } from '../support/node-red/message-sink';
import { type NodeRed } from '../support/node-red/node-red';
import {
  CT,
  EXPLICIT,
  abort,
  associateRQ,
  commandSet,
  dataTF,
  echoRQ,
  item,
  pdu,
  pdv,
  releaseRQ,
  storeRQ,
} from '../support/connections/pdus';
import { RawPeer, associate, type ReceivedPdu } from '../support/connections/raw-peer';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite, withNodeRed } from '../support/node-red/with-node-red';

/** A process that has done its first work grows no further than this, whatever a peer sends. */
const MAX_GROWTH_MB = 20;
/** Times that all attacks are run at most until memory has come down again. */
const MEMORY_ROUNDS = 4;
/** Enough for the compiler and the heaps to have found their sizes. */
const WARM_UP_OBJECTS = 1_500;
const MAX_OBJECT_MB = 1;
const MAX_ASSOCIATIONS = 50;
const ARTIM_SECONDS = 2;
const COMMAND = 0b11;
const DATA = 0b00;
const LAST_DATA = 0b10;

type Answer = number[] | undefined;
interface Attack {
  what: string;
  /** PDUs expected back; for A-ABORT with source and reason, for A-ASSOCIATE-RJ with result, source, reason. */
  answers: Answer[];
  /** Sends before the association is asked for. */
  raw?: (peer: RawPeer) => void | Promise<void>;
  /** Sends on an open association. */
  open?: (peer: RawPeer) => void | Promise<void>;
  /** The association must go on: it is asked for an echo afterwards. */
  lives?: boolean;
  /** An event of this name must be raised. */
  event?: string;
}

const header = (type: number, length: number): Buffer => {
  const bytes = pdu(type, Buffer.alloc(0));
  bytes.writeUInt32BE(length, 2);
  return bytes;
};
const ABORT_USER = [7, 0, 0];
const abortFor = (reason: number): number[] => [7, 2, reason];
const response = (status: number): number[] => [4, status];
const store = (overrides: Record<number, number | string> = {}, data = Buffer.alloc(10)): Buffer =>
  Buffer.concat([dataTF(pdv(3, COMMAND, storeRQ(overrides))), dataTF(pdv(3, LAST_DATA, data))]);
/** A command set whose group length is `length`. */
const withGroupLength = (command: Buffer, length: number): Buffer => {
  const changed = Buffer.from(command);
  changed.writeUInt32LE(length, 8);
  return changed;
};
const syntaxes = Array.from({ length: 50 }, (_, index) => `1.2.840.10008.1.2.4.${index}`.padEnd(60, '.1'));
const manyContexts = Array.from({ length: 128 }, (_, index) => ({
  id: 2 * index + 1,
  abstractSyntax: CT,
  transferSyntaxes: syntaxes,
}));
const drip = async (peer: RawPeer, bytes: Buffer): Promise<void> => {
  for (const byte of bytes) {
    peer.send(Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const ATTACKS: Attack[] = [
  // Before an association (Sta2): A-ABORT from the service user, without a reason (AA-1)
  {
    what: 'connect and stay silent',
    answers: [undefined],
    raw: () => undefined,
    event: 'connection-refused',
  },
  {
    what: 'an A-ASSOCIATE-RQ byte by byte',
    answers: [undefined],
    raw: (peer) => drip(peer, associateRQ().subarray(0, 30)),
    event: 'connection-refused',
  },
  ...[1, 2, 3, 4, 5, 6, 7].map((type) => ({
    what: `a length of FFFFFFFF on PDU type ${type}`,
    answers: [ABORT_USER],
    raw: (peer: RawPeer) => peer.send(header(type, 0xffff_ffff)),
    event: 'association-aborted',
  })),
  {
    what: 'P-DATA before an association',
    answers: [ABORT_USER],
    raw: (peer) => peer.send(dataTF(pdv(1, COMMAND, echoRQ()))),
  },
  { what: 'A-RELEASE before an association', answers: [ABORT_USER], raw: (peer) => peer.send(releaseRQ()) },
  { what: 'an unknown PDU type', answers: [ABORT_USER], raw: (peer) => peer.send(header(0x42, 4)) },
  {
    what: 'an HTTP request',
    answers: [ABORT_USER],
    raw: (peer) => peer.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
  },
  {
    what: 'a TLS hello',
    answers: [ABORT_USER],
    raw: (peer) => peer.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc])),
  },
  {
    what: '128 contexts with 50 transfer syntaxes each',
    answers: [[2]],
    raw: (peer) => peer.send(associateRQ({ contexts: manyContexts })),
  },
  {
    what: 'a context without transfer syntax',
    answers: [[2]],
    raw: (peer) =>
      peer.send(associateRQ({ contexts: [{ id: 1, abstractSyntax: CT, transferSyntaxes: [] }] })),
  },
  {
    what: 'an even context id',
    answers: [ABORT_USER],
    raw: (peer) =>
      peer.send(associateRQ({ contexts: [{ id: 2, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] }] })),
  },
  {
    what: 'a context id proposed twice',
    answers: [ABORT_USER],
    raw: (peer) =>
      peer.send(associateRQ({ contexts: [...manyContexts.slice(0, 1), ...manyContexts.slice(0, 1)] })),
  },
  {
    what: 'an item longer than its PDU',
    answers: [ABORT_USER],
    raw: (peer) => peer.send(associateRQ({ items: [Buffer.from([0x10, 0, 0xff, 0xff])] })),
  },
  {
    what: 'a user identity item longer than the user information',
    answers: [ABORT_USER],
    raw: (peer) => peer.send(associateRQ({ userItems: [Buffer.from([0x58, 0, 0xff, 0xff, 1, 1])] })),
  },
  {
    what: 'a user identity item whose inner lengths lie',
    answers: [[2]],
    raw: (peer) => peer.send(associateRQ({ userItems: [item(0x58, Buffer.from([1, 1, 0xff, 0xff, 65]))] })),
  },
  {
    what: 'an extended negotiation item whose UID length lies',
    answers: [[2]],
    raw: (peer) => peer.send(associateRQ({ userItems: [item(0x56, Buffer.from([0xff, 0xff, 49]))] })),
  },
  {
    what: 'a role selection item whose UID length lies',
    answers: [ABORT_USER],
    raw: (peer) => peer.send(associateRQ({ userItems: [item(0x54, Buffer.from([0xff, 0xff, 49, 1, 1]))] })),
  },
  {
    what: 'AE titles of spaces',
    answers: [[2]],
    raw: (peer) => peer.send(associateRQ({ callingAET: '', calledAET: '' })),
  },
  {
    what: 'AE titles of control characters and path parts',
    answers: [[2]],
    raw: (peer) => peer.send(associateRQ({ callingAET: '\0\n\x1b[31m\xff', calledAET: '../../etc/passw' })),
  },
  {
    what: 'names of object prototypes as AE titles',
    answers: [[2]],
    raw: (peer) => peer.send(associateRQ({ callingAET: '__proto__', calledAET: 'constructor' })),
  },
  {
    what: 'an old protocol version',
    answers: [[3, 1, 2, 2]],
    raw: (peer) => peer.send(associateRQ({ protocolVersion: 2 })),
    event: 'association-rejected',
  },

  // On an association (Sta6): A-ABORT from the service provider with its reason (AA-8)
  ...[1, 2, 3, 4, 5, 6, 7].map((type) => ({
    what: `a length of FFFFFFFF on PDU type ${type}`,
    answers: [abortFor(6)],
    open: (peer: RawPeer) => peer.send(header(type, 0xffff_ffff)),
  })),
  {
    what: 'P-DATA above the announced length',
    answers: [abortFor(6)],
    open: (peer) => peer.send(header(4, 262_145)),
  },
  ...[
    ['0', 0],
    ['1', 1],
    ['larger than its PDU', 100],
    ['of 4 GiB', 0xffff_ffff],
  ].map(([what, length]) => {
    const bytes = dataTF(pdv(3, COMMAND, Buffer.alloc(8)));
    bytes.writeUInt32BE(Number(length), 6);
    return {
      what: `a PDV length ${what}`,
      answers: [abortFor(6)],
      open: (peer: RawPeer) => peer.send(bytes),
    };
  }),
  { what: 'a second A-ASSOCIATE-RQ', answers: [abortFor(2)], open: (peer) => peer.send(associateRQ()) },
  {
    what: 'a context that was not accepted',
    answers: [abortFor(6)],
    open: (peer) => peer.send(dataTF(pdv(99, COMMAND, echoRQ()))),
  },
  {
    what: 'data before a command',
    answers: [abortFor(2)],
    open: (peer) => peer.send(dataTF(pdv(3, LAST_DATA, Buffer.alloc(4)))),
  },
  {
    what: 'command fragments that never end',
    answers: [abortFor(6)],
    open: (peer) => peer.send(...Array.from({ length: 20 }, () => dataTF(pdv(3, 0b01, Buffer.alloc(8_192))))),
  },
  {
    what: 'empty command fragments that never end',
    answers: [abortFor(6)],
    open: (peer) =>
      peer.send(Buffer.concat(Array<Buffer>(70_000).fill(dataTF(pdv(3, 0b01, Buffer.alloc(0)))))),
  },
  {
    what: 'a release in the middle of an object',
    answers: [abortFor(2)],
    open: (peer) =>
      peer.send(dataTF(pdv(3, COMMAND, storeRQ())), dataTF(pdv(3, DATA, Buffer.alloc(100))), releaseRQ()),
    event: 'association-aborted',
  },
  {
    what: 'an endless data set',
    answers: [response(0xa700)],
    open: async (peer) => {
      peer.send(dataTF(pdv(3, COMMAND, storeRQ())));
      const piece = dataTF(...Array.from({ length: 15 }, () => pdv(3, DATA, Buffer.alloc(16_000))));
      for (let sent = 0; sent < 100 * MAX_OBJECT_MB; sent += 0.24) {
        if (!peer.socket.write(piece)) await new Promise((resolve) => peer.socket.once('drain', resolve));
      }
      peer.send(dataTF(pdv(3, LAST_DATA, Buffer.alloc(2))));
    },
    lives: true,
    event: 'object-refused',
  },
  {
    what: 'an unknown command',
    answers: [response(0x0211)],
    open: (peer) =>
      peer.send(dataTF(pdv(3, COMMAND, commandSet({ 0x0100: 0x0777, 0x0110: 4, 0x0800: 0x0101 })))),
    lives: true,
    event: 'request-refused',
  },
  {
    what: 'a command that is not supported, with a data set',
    answers: [response(0x0211)],
    open: (peer) =>
      peer.send(
        dataTF(pdv(3, COMMAND, commandSet({ 0x0002: CT, 0x0100: 0x0020, 0x0110: 4, 0x0800: 1 }))),
        dataTF(pdv(3, LAST_DATA, Buffer.alloc(1_000))),
      ),
    lives: true,
  },
  {
    what: 'C-STORE of a class that is no storage',
    answers: [response(0x0122)],
    open: (peer) => peer.send(store({ 0x0002: '1.2.840.10008.5.1.4.31' })),
    lives: true,
  },
  ...[0, 1, 0xffff_fffe].map((length) => ({
    what: `a command group length of ${length}`,
    answers: [response(0)],
    open: (peer: RawPeer) => peer.send(dataTF(pdv(1, COMMAND, withGroupLength(echoRQ(), length)))),
    lives: true,
  })),
  {
    what: 'C-STORE without Affected SOP Class UID',
    answers: [response(0x0122)],
    open: (peer) => peer.send(store({ 0x0002: '' })),
    lives: true,
  },
  {
    what: 'C-STORE without Affected SOP Instance UID',
    answers: [response(0x0117)],
    open: (peer) => peer.send(store({ 0x1000: '' })),
    lives: true,
  },
  ...[
    '../../../etc/x',
    '/etc/passwd',
    '1.2\0.3',
    '1.2\n[error] forged',
    '1.2\x1b[2J',
    `1.${'2'.repeat(80)}`,
    '..',
    '__proto__',
  ].map((uid) => ({
    what: `a SOP Instance UID ${JSON.stringify(uid.slice(0, 20))}`,
    answers: [response(0x0117)],
    open: (peer: RawPeer) => peer.send(store({ 0x1000: uid })),
    lives: true,
    event: 'object-refused',
  })),
  {
    what: 'a data set of 0 bytes',
    answers: [response(0xc000)],
    open: (peer) => peer.send(store({}, Buffer.alloc(0))),
    lives: true,
  },
  {
    what: 'the same Message ID again, and both at once',
    answers: [response(0xc000), response(0xc000)],
    open: (peer) => peer.send(store(), store()),
    lives: true,
  },
  {
    what: 'a command that says a data set follows, and another command',
    answers: [abortFor(2)],
    open: (peer) => peer.send(dataTF(pdv(3, COMMAND, storeRQ())), dataTF(pdv(3, COMMAND, echoRQ()))),
  },
  {
    what: 'a disconnect in the middle of an object',
    answers: [],
    open: (peer) => {
      peer.send(dataTF(pdv(3, COMMAND, storeRQ())), dataTF(pdv(3, DATA, Buffer.alloc(1_000))));
      peer.socket.end();
    },
    event: 'association-aborted',
  },
  {
    what: 'a reset in the middle of an object',
    answers: [],
    open: (peer) => {
      peer.socket.write(
        Buffer.concat([dataTF(pdv(3, COMMAND, storeRQ())), dataTF(pdv(3, DATA, Buffer.alloc(1_000)))]),
        () => peer.socket.resetAndDestroy(),
      );
    },
    event: 'association-aborted',
  },
  {
    what: 'an A-ABORT',
    answers: [undefined],
    open: (peer) => peer.send(abort()),
    event: 'association-aborted',
  },
  {
    what: 'a release, and never closing',
    answers: [[6], undefined],
    open: (peer) => peer.send(releaseRQ()),
    event: 'association-released',
  },
];

describe('what a peer cannot do to a real Node-RED', () => {
  const memory = memoryProbe();
  after(() => memory.remove());
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;
  let normal: StoreClient;
  let stored = 0;

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [], env: memory.env }, async (started) => {
    nodeRed = started;
    await nodeRed.deploy(
      receiverFlow(port, sink, {
        emitEvents: true,
        associationTimeoutSeconds: ARTIM_SECONDS,
        maxObjectSizeMB: MAX_OBJECT_MB,
        maxAssociations: MAX_ASSOCIATIONS,
        queue: 'disk',
      }),
    );
    await nodeRed.waitForLine(/listening on/);
    await sink.connected();
    // What a process takes for its first work is no leak of an attack.
    normal = await StoreClient.open(port);
    for (let object = 0; object < WARM_UP_OBJECTS; object += 1) await storeNormally();
    await floodWith(200);
  });
  after(async () => {
    await normal.release();
    await sink.close();
  });

  const storeNormally = async (): Promise<void> => {
    const { uid, dataSet } = sampleInstance((stored += 1));
    assert.equal(await normal.store(uid, dataSet), 0, 'a normal association works');
  };

  const floodWith = async (count: number): Promise<(ReceivedPdu | undefined)[]> => {
    const peers = await Promise.all(Array.from({ length: count }, () => RawPeer.connect(port)));
    peers.forEach((peer) => peer.send(associateRQ()));
    const answers = await Promise.all(peers.map((peer) => peer.next(20_000)));
    peers.forEach((peer) => peer.destroy());
    return answers;
  };

  const run = async ({ what, raw, open, answers, lives, event }: Attack): Promise<void> => {
    const peer = await (open === undefined ? RawPeer.connect(port) : associate(port));
    const marker = { port: peer.localPort };
    await (raw ?? open)?.(peer);
    for (const answer of answers) assert.deepEqual(readAnswer(await peer.next(15_000)), answer, what);
    if (lives === true) {
      peer.send(dataTF(pdv(1, COMMAND, echoRQ(77))));
      assert.deepEqual(readAnswer(await peer.next()), response(0), `${what}: the association lives`);
    }
    if (event !== undefined) {
      await sink.find(
        ({ topic, payload }) =>
          topic === event && (payload as { remotePort?: number }).remotePort === marker.port,
        `${event} for ${what}`,
      );
    }
    peer.destroy();
  };

  const attackAll = async (): Promise<void> => {
    let attacking = true;
    const normally = (async () => {
      for (; attacking; await new Promise((resolve) => setTimeout(resolve, 10))) await storeNormally();
    })();
    for (let at = 0; at < ATTACKS.length; at += 8) await Promise.all(ATTACKS.slice(at, at + 8).map(run));
    attacking = false;
    await normally;
    await settled();
  };

  it(`${ATTACKS.length} attacks get their answer while a normal association goes on; memory stays`, async (t) => {
    // The first times, code is compiled and heaps grow to their working size. After that, memory goes up and down with
    // the garbage collector by more than is allowed here: a leak is what does not come down again.
    await attackAll();
    await attackAll();
    const before = await memory.residentMb(nodeRed);
    let grown = Infinity;
    for (let round = 0; round < MEMORY_ROUNDS && grown >= MAX_GROWTH_MB; round += 1) {
      await attackAll();
      grown = (await memory.residentMb(nodeRed)) - before;
      t.diagnostic(`RSS ${before.toFixed(0)} MB before, ${(before + grown).toFixed(0)} MB after`);
    }
    assert.ok(grown < MAX_GROWTH_MB, `RSS grew by ${grown.toFixed(1)} MB`);
    assert.deepEqual(queuedFiles(), [], 'nothing half-written stays');
  });

  it(`1 000 connections at once: ${MAX_ASSOCIATIONS} served, the rest rejected 2/3/2`, async (t) => {
    const before = await memory.residentMb(nodeRed);
    const answers = (await floodWith(1_000)).map(readAnswer);
    const served = answers.filter((answer) => answer?.[0] === 2).length;
    assert.equal(served, MAX_ASSOCIATIONS - 1, 'and the normal one');
    assert.equal(answers.filter((answer) => answer?.join() === '3,2,3,2').length, 1_000 - served);
    await storeNormally();
    let grown = Infinity;
    await until(async () => {
      grown = (await memory.residentMb(nodeRed)) - before;
      return grown < MAX_GROWTH_MB;
    }, 'the memory to come back');
    t.diagnostic(`RSS ${before.toFixed(0)} MB before, ${(before + grown).toFixed(0)} MB after`);
  });

  it('2 000 silent connections keep nobody out', async (t) => {
    const before = await memory.residentMb(nodeRed);
    const silent = await Promise.all(Array.from({ length: 2_000 }, () => RawPeer.connect(port)));
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance((stored += 1));
    assert.equal(await client.store(uid, dataSet), 0);
    await storeNormally();
    const held = (await memory.residentMb(nodeRed)) - before;
    silent.forEach((peer) => peer.destroy());
    await client.release();
    t.diagnostic(`RSS +${held.toFixed(1)} MB while they are held`);
    assert.ok(held < MAX_GROWTH_MB, `RSS grew by ${held.toFixed(1)} MB`);
  });

  it('a peer that reconnects as fast as it can is counted, and floods neither log nor events', async () => {
    const from = nodeRed.lines.length;
    sink.clear();
    const started = Date.now();
    const attempts = 3_000;
    for (let done = 0; done < attempts; done += 50) {
      const peers = await Promise.all(Array.from({ length: 50 }, () => RawPeer.connect(port)));
      peers.forEach((peer) => peer.send(associateRQ({ protocolVersion: 2 })));
      await Promise.all(peers.map((peer) => peer.next()));
      peers.forEach((peer) => peer.destroy());
    }
    await storeNormally();
    const logged = nodeRed.lines.slice(from).filter((line) => /rejected \(1\/2\/2\)/.test(line)).length;
    const events = sink.messages.filter(({ topic }) => topic === 'association-rejected').length;
    const windows = Math.ceil((Date.now() - started) / 10_000) + 1;
    assert.ok(logged <= 10 * windows, `${logged} lines for ${attempts} rejections`);
    assert.ok(events <= 1_000 * windows, `${events} events`);
    await nodeRed.waitForLine(/\d+ more refused, rejected or aborted in 10 s/, { from });
    const stats = (await (await fetch(`${nodeRed.url}/dicom-in/test-dicom-in/stats`)).json()) as {
      counters: { rejected: number };
      refusals: unknown[];
    };
    assert.ok(stats.counters.rejected >= attempts, 'the counters have them all');
    assert.equal(stats.refusals.length, 10);
  });

  it('logged no control characters and no forged lines', () => {
    // Node-RED itself writes in colours.
    const odd = nodeRed.lines.filter((line) =>
      /[^\x20-\x7e\u00a0-\uffff]/.test(stripVTControlCharacters(line)),
    );
    assert.deepEqual(odd, []);
    assert.ok(!nodeRed.lines.some((line) => line.startsWith('[error] forged')));
  });

  /** Garbage collectors and allocators give back what they have, but not at once. */
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));

  const queuedFiles = (): string[] =>
    readdirSync(join(nodeRed.userDir, 'dicom'), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.part'));
});

/** Objects whose text is whole in the message, however large: what the node's limits are for, switched off. */
const NO_LIMITS = { maxMessageMB: '1000', maxMessageElements: '10000000' };
const LARGE_OBJECTS = 16;
const TEXTS = 58;

describe('large objects for a busy flow', () => {
  it(`${LARGE_OBJECTS} of 60 MB text each do not end a Node-RED with a heap of 512 MB`, async (t) => {
    const [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
    const env = { NODE_OPTIONS: '--max-old-space-size=512' };
    await withNodeRed({ flows: [], env }, async (nodeRed) => {
      // Busy with the first until all others have come.
      const allStored = join(nodeRed.userDir, 'all-stored');
      const busy = `const until = Date.now() + 120000;
      while (!fs.existsSync(${JSON.stringify(allStored)}) && Date.now() < until);
      return { dicom: { sopInstanceUID: msg.dicom.sopInstanceUID, size: JSON.stringify(msg.payload).length } };`;
      const [tab, dicom, ...rest] = receiverFlow(port, sink, {
        ...NO_LIMITS,
        queue: 'disk',
        minFreeDiskMB: 0,
      });
      await nodeRed.deploy([
        ...(tab === undefined || dicom === undefined ? [] : [tab, { ...dicom, wires: [['busy']] }]),
        flowNode('busy', 'function', {
          func: busy,
          libs: [{ var: 'fs', module: 'fs' }],
          outputs: 1,
          wires: [['test-out-1']],
        }),
        ...rest,
      ]);
      await nodeRed.waitForLine(/listening on/);
      await sink.connected();
      await Promise.all([0, 1, 2, 3].map((sender) => sendLarge(port, sender, LARGE_OBJECTS / 4)));
      writeFileSync(allStored, '');
      const messages = await sink.count(LARGE_OBJECTS, 200_000);
      assert.equal(
        new Set(messages.map(({ dicom: { sopInstanceUID } }) => sopInstanceUID)).size,
        LARGE_OBJECTS,
      );
      assert.ok(messages.every(({ dicom: { size } }) => size > TEXTS * 1_000_000));
      t.diagnostic(`RSS ${residentMb(nodeRed.pid).toFixed(0)} MB`);
    });
    await sink.close();
  });
});

/** Private text of 58 times 1 MB behind the sample's own elements. */
async function sendLarge(port: number, sender: number, count: number): Promise<void> {
  const texts = Array.from({ length: TEXTS }, (_, index) =>
    element(0x7fe1_1000 + index, 'UT', Buffer.alloc(1_000_000, 'text ')),
  );
  const creator = element(0x7fe1_0010, 'LO', 'TEST');
  const client = await StoreClient.open(port);
  for (let number = 0; number < count; number += 1) {
    const { uid, dataSet } = sampleInstance(500_000 + sender * 100 + number);
    assert.equal(await client.store(uid, Buffer.concat([dataSet, creator, ...texts]), 60_000), 0);
  }
  await client.release();
}

function readAnswer(received: ReceivedPdu | undefined): Answer {
  if (received === undefined) return undefined;
  const { type, body } = received;
  if (type === 0x07) return [type, ...body.subarray(2)];
  if (type === 0x03) return [type, ...body.subarray(1)];
  if (type === 0x04) return [type, statusOf(body)];
  return [type];
}

function statusOf(body: Buffer): number {
  const at = body.indexOf(Buffer.from([0, 0, 0, 9, 2, 0, 0, 0]));
  return body.readUInt16LE(at + 8);
}
