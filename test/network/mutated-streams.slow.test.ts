import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NetworkEvent, ObjectStore } from '../../src/network';
import { Association } from '../../src/network/scp/association';
import { servicesOf } from '../../src/network/scp/listener';
import { RequestBudget } from '../../src/network/upper-layer/request-budget';
import { COMMITMENT, eventReport, reportOf, role } from '../support/peers/commitment';
import { FakeSocket } from '../support/connections/fake-socket';
import { heldMemory } from '../support/machine/garbage';
import { chunks, mutate, Random } from '../support/objects/mutations';
import { corpusFiles } from '../support/objects/corpus';
import {
  abort,
  associateRQ,
  commandSet,
  CT,
  dataTF,
  echoRQ,
  IMPLICIT,
  item,
  pdv,
  releaseRQ,
  storeRQ,
} from '../support/connections/pdus';

/** Streams to try, and where to begin: `FUZZ_STREAMS=1000000 FUZZ_SEED=7` for a long run. */
const STREAMS = Number(process.env['FUZZ_STREAMS'] ?? 12_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_240_229);
/** Associations at a time. */
const BATCH = 20;
const MAX_GROWTH_MB = 20;

/** Well-formed streams of our own. */
const OWN: readonly Buffer[] = [
  Buffer.concat([associateRQ(), dataTF(pdv(1, 3, echoRQ())), releaseRQ()]),
  Buffer.concat([
    associateRQ({
      userItems: [item(0x53, Buffer.alloc(4, 1)), item(0x58, Buffer.from([1, 1, 0, 1, 65, 0, 0]))],
    }),
    dataTF(pdv(3, 3, storeRQ()), pdv(3, 0, Buffer.alloc(200)), pdv(3, 2, Buffer.alloc(100))),
    dataTF(pdv(3, 1, storeRQ().subarray(0, 20))),
    dataTF(pdv(3, 3, storeRQ().subarray(20))),
    dataTF(pdv(3, 2, Buffer.alloc(500))),
    releaseRQ(),
  ]),
  Buffer.concat([
    associateRQ(),
    dataTF(pdv(3, 3, commandSet({ 0x0002: '1.2.3', 0x0100: 0x0020, 0x0110: 3, 0x0800: 0 }))),
    dataTF(pdv(3, 2, Buffer.alloc(20))),
    abort(),
  ]),
  Buffer.concat([
    associateRQ({
      contexts: [{ id: 1, abstractSyntax: COMMITMENT, transferSyntaxes: [IMPLICIT] }],
      userItems: [role(COMMITMENT, 0, 1)],
    }),
    eventReport(reportOf('1.2.99', { committed: [{ sopClassUID: CT, sopInstanceUID: '1.2.3' }] })),
    releaseRQ(),
  ]),
];

/** Everything that clients sent in the recordings, and single PDUs after an A-ASSOCIATE-RQ. */
function recordings(): Buffer[] {
  const read = (folder: string, wanted: (name: string) => boolean): Buffer[] =>
    corpusFiles(`network/${folder}`)
      .filter(({ path }) => wanted(basename(path)))
      .map(({ path }) => readFileSync(path));
  const pdus = read('pdus', (name) => name.includes('pdu_items__a_') || name.includes('p_data'));
  const commands = read('pdus', (name) => name.endsWith('_cmd.bin'));
  return [
    ...read('streams', (name) => name.endsWith('.c2s.bin')),
    ...pdus,
    ...pdus.map((bytes) => Buffer.concat([associateRQ(), bytes])),
    ...commands.map((bytes) => Buffer.concat([associateRQ(), dataTF(pdv(3, 3, bytes))])),
  ];
}

/** Counts objects, and takes everything; now and then only after a while. */
class CountingStore implements ObjectStore {
  begun = 0;
  ended = 0;

  begin(): ReturnType<ObjectStore['begin']> {
    this.begun += 1;
    let open = true;
    const end = (): void => {
      assert.ok(open, 'an object is ended once');
      open = false;
      this.ended += 1;
    };
    return {
      append: () => undefined,
      complete: async () => {
        if (this.begun % 3 === 0) await nextTurn();
        end();
        return { status: 0 };
      },
      discard: end,
    };
  }
}

const policy = {
  ourAET: 'OUR_SCP',
  checkCalledAET: false,
  callingAETs: 'any',
  maxAssociations: BATCH,
  acceptUnknownSopClasses: true,
  isStorageSopClass: (uid: string) => uid.startsWith('1.2.840.10008.5.1.4.1.1.'),
  transferSyntaxes: [],
  mayReportCommitment: () => true,
} as const;
const commitments = { reported: () => Promise.resolve({ status: 0 }) };
const limits = {
  associationTimeoutSeconds: 30,
  idleTimeoutSeconds: 30,
  maxPduLength: 16_384,
  maxObjectBytes: 20_000,
};

describe(`${STREAMS} mutated PDU streams, seed ${SEED}`, () => {
  it('crash nothing, leak nothing, and are answered with whole PDUs only', async (t) => {
    const streams = [...OWN, ...recordings()];
    const random = new Random(SEED);
    const store = new CountingStore();
    const outcomes: Record<string, number> = {};
    const internal: string[] = [];
    const report = (event: NetworkEvent): void => {
      outcomes[event.event] = (outcomes[event.event] ?? 0) + 1;
      if ('text' in event && /internal error|dcmjs-dimse/.test(event.text)) internal.push(event.text);
    };
    const requests = new RequestBudget();
    const services = servicesOf({ store, commitments, policy, limits });

    const one = async (): Promise<void> => {
      const socket = new FakeSocket();
      let isOpen = true;
      socket.on('close', () => (isOpen = false));
      const association = new Association(socket as unknown as Socket, {
        policy,
        limits,
        services,
        report,
        openAssociations: () => 0,
        requests,
        remote: { remoteAddress: '127.0.0.1', remotePort: 1 },
      });
      for (const chunk of chunks(mutate(random.pick(streams), random, streams), random)) {
        socket.push(chunk);
        if (random.below(8) === 0) await nextTurn();
      }
      await nextTurn();
      await nextTurn();
      if (isOpen) socket.destroy();
      await nextTurn();
      assert.equal(association.isOpen, false);
      assertWholePdus(Buffer.concat(socket.sent));
    };
    const batches = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += BATCH) await Promise.all(Array.from({ length: BATCH }, one));
    };

    await batches(STREAMS / 10);
    const before = await resources();
    await batches((STREAMS * 9) / 10);
    const after = await resources();

    t.diagnostic(`outcomes: ${JSON.stringify(outcomes)}`);
    t.diagnostic(`heap: ${before.heapMb.toFixed(1)} MB, then ${after.heapMb.toFixed(1)} MB`);
    assert.deepEqual([...new Set(internal)], [], 'every violation is recognized as what it is');
    assert.equal(store.ended, store.begun, 'every object is kept or dropped');
    assert.equal(after.timers, before.timers, 'no timer is left behind');
    assert.ok(after.heapMb - before.heapMb < MAX_GROWTH_MB);
    assert.ok((outcomes['association-accepted'] ?? 0) > STREAMS / 20, 'damage is often past the negotiation');
    const spare = Array.from({ length: 32 }, () => requests.take(524_288));
    assert.ok(
      spare.every((taken) => taken !== undefined),
      'the memory for requests has been given back',
    );
  });
});

async function resources(): Promise<{ timers: number; heapMb: number }> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  const heapMb = heldMemory() / 1_048_576;
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { timers, heapMb };
}

function assertWholePdus(sent: Buffer): void {
  let offset = 0;
  while (offset < sent.length) {
    assert.ok([2, 3, 4, 6, 7].includes(sent.readUInt8(offset)), 'a PDU that an acceptor sends');
    offset += 6 + sent.readUInt32BE(offset + 2);
  }
  assert.equal(offset, sent.length, 'whole PDUs');
}
