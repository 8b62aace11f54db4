import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAssociateRequest } from '../../../src/network/upper-layer/associate-request';
import { decodeCommandSet, encodeResponse } from '../../../src/network/dimse/command-set';
import {
  encodeAbort,
  encodeCommandPdus,
  encodeReject,
  type Rejection,
} from '../../../src/network/upper-layer/pdu';
import { StreamReading } from '../../support/connections/fragments';
import { Random } from '../../support/objects/mutations';
import {
  associateRQ,
  commandSet,
  dataTF,
  item,
  pdu,
  pdv,
  readResponse,
} from '../../support/connections/pdus';

/** How many of each, and where to begin: `FUZZ_ROUNDS=100000 FUZZ_SEED=7` for a long run. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 500);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_126);

const random = new Random(SEED);
const between = (least: number, most: number): number => least + random.below(most - least + 1);
const text = (most: number, least = 1): string =>
  String.fromCharCode(...Array.from({ length: between(least, most) }, () => between(0x21, 0x5b)));
const uid = (most = 64): string => {
  const digits = Array.from({ length: between(1, most - 2) }, () => random.pick(['1', '2', '9', '.']));
  return `1.${digits.join('')}`.replaceAll('..', '.1').replace(/\.$/, '2');
};
const bytes = (most: number): Buffer =>
  Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)));
const oddIds = (count: number): number[] => {
  const ids = new Set<number>();
  while (ids.size < count) ids.add(2 * random.below(128) + 1);
  return [...ids];
};

/** In pieces as a network might give them, each gone once it has been taken. */
function push(reading: StreamReading, stream: Buffer): void {
  for (let at = 0; at < stream.length;) {
    const end = at + between(1, random.pick([1, 7, 100, 5_000]));
    const chunk = Buffer.from(stream.subarray(at, end));
    reading.push(chunk);
    chunk.fill(0xdd);
    at = end;
  }
}

/** As a sender may cut a command or a data set: PDVs of any length, several or one in a PDU. */
function fragmented(contextId: number, isCommand: boolean, value: Buffer): Buffer {
  const pdvs: Buffer[] = [];
  for (let at = 0, isLast = false; !isLast;) {
    const end = Math.min(value.length, at + between(0, random.pick([3, 50, 2_000])));
    // The last one may be empty.
    isLast = end === value.length && random.below(4) > 0;
    pdvs.push(pdv(contextId, (isCommand ? 1 : 0) | (isLast ? 2 : 0), value.subarray(at, end)));
    at = end;
  }
  const pdus: Buffer[] = [];
  while (pdvs.length > 0) pdus.push(dataTF(...pdvs.splice(0, between(1, 3))));
  return Buffer.concat(pdus);
}

describe(`PDUs that are written and read, ${ROUNDS} rounds, seed ${SEED}`, () => {
  it('A-ASSOCIATE-RQ', () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const contexts = oddIds(between(0, 20)).map((id) => ({
        id,
        abstractSyntax: uid(),
        transferSyntaxes: Array.from({ length: between(0, 5) }, () => uid()),
      }));
      const roles = Array.from({ length: between(0, 3) }, () => ({
        sopClass: uid(),
        scu: random.below(2) === 1,
        scp: random.below(2) === 1,
      }));
      const role = ({ sopClass, scu, scp }: (typeof roles)[0]): Buffer => {
        const length = Buffer.from([0, sopClass.length]);
        return item(
          0x54,
          Buffer.concat([length, Buffer.from(sopClass), Buffer.from([scu ? 1 : 0, scp ? 1 : 0])]),
        );
      };
      const versionName = text(16);
      const wanted = {
        callingAET: text(16),
        calledAET: text(16),
        applicationContext: uid(),
        maxPduLength: random.pick([0, 7, 8, between(7, 0xffff_ffff)]),
      };
      const asynchronousOperations = random.below(2) === 1;
      const unknown = item(random.pick([0x58, 0x77, 0x99]), bytes(40));
      const userItems = [
        item(0x55, versionName),
        ...roles.map(role),
        ...(asynchronousOperations ? [item(0x53, Buffer.alloc(4, 1))] : []),
        unknown,
      ];
      const reading = new StreamReading();
      push(reading, associateRQ({ ...wanted, contexts, userItems, items: [unknown] }));
      assert.equal(reading.pdus.length, 1);
      const { calledAETField, callingAETField, ...read } = readAssociateRequest(
        reading.pdus[0] ?? Buffer.alloc(0),
      );
      assert.deepEqual(read, {
        ...wanted,
        protocolVersion: 1,
        contexts,
        roles,
        asynchronousOperations,
        implementationClassUID: '1.2.3.4',
        implementationVersionName: versionName,
      });
      assert.deepEqual(
        [calledAETField, callingAETField],
        [wanted.calledAET.padEnd(16), wanted.callingAET.padEnd(16)],
      );
    }
  });

  it('messages, in fragments of any length, in pieces of any length, one behind the other', () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const messages = Array.from({ length: between(1, 4) }, () => {
        const hasDataSet = random.below(3) > 0;
        const elements = {
          0x0002: uid(),
          0x0100: random.pick([0x0001, 0x0020, 0x0030]),
          0x0110: random.below(65_536),
          0x0800: hasDataSet ? random.below(2) : 0x0101,
          0x1000: uid(),
        };
        return {
          contextId: 2 * random.below(128) + 1,
          elements,
          data: hasDataSet ? bytes(5_000) : undefined,
        };
      });
      const reading = new StreamReading();
      for (const { contextId, elements, data } of messages) {
        push(reading, fragmented(contextId, true, commandSet(elements)));
        if (data !== undefined) push(reading, fragmented(contextId, false, data));
      }
      assert.deepEqual(
        reading.messages.map(({ contextId, command, data }) => ({
          contextId,
          elements: {
            0x0002: command.affectedSopClassUID,
            0x0100: command.commandField,
            0x0110: command.messageId,
            0x1000: command.affectedSopInstanceUID,
          },
          data,
        })),
        messages.map(({ contextId, elements: { 0x0800: _type, ...elements }, data }) => ({
          contextId,
          elements,
          data,
        })),
      );
      assert.equal(reading.messageReader.isUnderWay, false);
    }
  });

  it('responses, for every maximum length that a peer may have', () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [sopClass, sopInstance] = [uid(), uid()];
      const messageId = random.below(65_536);
      const command = decodeCommandSet(
        commandSet({ 0x0002: sopClass, 0x0100: 0x0001, 0x0110: messageId, 0x0800: 0, 0x1000: sopInstance }),
      );
      const comment = random.below(2) === 0 ? undefined : text(64);
      const status = random.below(65_536);
      const encoded = encodeResponse(command, { status, ...(comment !== undefined && { comment }) });
      const contextId = 2 * random.below(128) + 1;
      const most = random.pick([0, 7, 8, 9, between(7, 300)]);
      const parts: Buffer[] = [];
      let isWhole = false;
      const reading = new StreamReading(most === 0 ? 1_000_000 : most, (fragment) => {
        assert.deepEqual([fragment.contextId, fragment.isCommand, isWhole], [contextId, true, false]);
        parts.push(Buffer.from(fragment.bytes));
        isWhole = fragment.isLast && fragment.endsPdv;
      });
      push(reading, encodeCommandPdus(contextId, encoded, most));
      assert.ok(isWhole);
      const { values } = readResponse(pdv(contextId, 3, Buffer.concat(parts)));
      assert.deepEqual(
        [0x0002, 0x0100, 0x0120, 0x0800, 0x0900, 0x0902, 0x1000].map((tag) => values.get(tag)),
        [sopClass, 0x8001, messageId, 0x0101, status, comment?.replaceAll('\\', '?'), sopInstance],
      );
    }
  });

  it('A-ASSOCIATE-RJ, A-RELEASE and A-ABORT', () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const rejection: Rejection = {
        result: random.pick([1, 2]),
        source: random.pick([1, 2, 3]),
        reason: between(1, 10),
        text: '',
      };
      const [source, reason] = [random.pick([0, 2] as const), random.pick([0, 1, 2, 4, 5, 6] as const)];
      const written = [
        encodeReject(rejection),
        pdu(random.pick([5, 6]), Buffer.alloc(4)),
        encodeAbort(source, reason),
      ];
      const reading = new StreamReading();
      push(reading, Buffer.concat(written));
      assert.deepEqual(reading.pdus, written);
      const [rejected, , aborted] = reading.pdus;
      assert.deepEqual([...(rejected ?? [])].slice(7), [
        rejection.result,
        rejection.source,
        rejection.reason,
      ]);
      assert.deepEqual([...(aborted ?? [])].slice(8), [source, reason]);
    }
  });
});
