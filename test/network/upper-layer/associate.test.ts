import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  acceptedContexts,
  readAssociateAccept,
  readReject,
} from '../../../src/network/upper-layer/associate-accept';
import {
  encodeAssociateRequest,
  readAssociateRequest,
  type AssociateProposal,
} from '../../../src/network/upper-layer/associate-request';
import { encodeAssociateAccept } from '../../../src/network/upper-layer/library-accept';
import { encodeReject, ProtocolError } from '../../../src/network/upper-layer/pdu';
import { Random } from '../../support/objects/mutations';
import { CT, EXPLICIT, IMPLICIT, JPEG, VERIFICATION, item, pdu } from '../../support/connections/pdus';

const PROPOSALS = 500;

/** What anybody may propose: up to 128 contexts with odd ids in any order. */
function proposal(random: Random): AssociateProposal {
  const ids = Array.from({ length: 128 }, (_, index) => 2 * index + 1).sort(() => random.below(3) - 1);
  const uids = [VERIFICATION, CT, '1.2.3', `1.${'2'.repeat(62)}`];
  const text = (length: number): string =>
    Array.from({ length }, () => String.fromCharCode(0x21 + random.below(0x5e))).join('');
  return {
    callingAET: text(1 + random.below(16)),
    calledAET: text(1 + random.below(16)),
    contexts: ids.slice(0, 1 + random.below(128)).map((id) => ({
      id,
      abstractSyntax: random.pick(uids),
      transferSyntaxes: [EXPLICIT, IMPLICIT, JPEG].slice(0, 1 + random.below(3)),
    })),
    roles: uids.slice(0, random.below(4)).map((sopClass) => ({
      sopClass,
      scu: random.below(2) === 1,
      scp: random.below(2) === 1,
    })),
    maxPduLength: random.pick([0, 7, 16_384, 0xffff_ffff]),
    implementationClassUID: random.pick(uids),
    implementationVersionName: text(1 + random.below(16)),
  };
}

describe('A-ASSOCIATE-RQ (PS3.8 9.3.2)', () => {
  it(`is read as it was written, ${PROPOSALS} times`, () => {
    const random = new Random(17);
    for (let count = 0; count < PROPOSALS; count += 1) {
      const written = proposal(random);
      const read = readAssociateRequest(encodeAssociateRequest(written));
      assert.deepEqual(read, {
        ...written,
        protocolVersion: 1,
        applicationContext: '1.2.840.10008.3.1.1.1',
        callingAETField: written.callingAET.padEnd(16),
        calledAETField: written.calledAET.padEnd(16),
        asynchronousOperations: false,
      });
    }
  });

  it('has AE titles of 16 characters at most', () => {
    const written = { ...proposal(new Random(1)), calledAET: 'A'.repeat(20) };
    assert.equal(readAssociateRequest(encodeAssociateRequest(written)).calledAET, 'A'.repeat(16));
  });
});

describe('A-ASSOCIATE-AC (PS3.8 9.3.3)', () => {
  it(`is read as it was written, ${PROPOSALS} times`, () => {
    const random = new Random(23);
    for (let count = 0; count < PROPOSALS; count += 1) {
      const request = readAssociateRequest(encodeAssociateRequest(proposal(random)));
      const answers = request.contexts.map((context) => {
        const result = random.pick([0, 1, 2, 3, 4] as const);
        return { ...context, result, transferSyntax: random.pick(context.transferSyntaxes) };
      });
      const read = readAssociateAccept(encodeAssociateAccept(request, answers, 65_536), request.contexts);
      assert.equal(read.maxPduLength, 65_536);
      assert.deepEqual(
        [...acceptedContexts(read.contexts)].sort(([a], [b]) => a - b),
        [...acceptedContexts(answers)].sort(([a], [b]) => a - b),
      );
      const results = (contexts: readonly { id: number; result: number }[]): number[][] =>
        contexts.map(({ id, result }) => [id, result]).sort(([a = 0], [b = 0]) => a - b);
      assert.deepEqual(results(read.contexts), results(answers));
    }
  });

  const proposed = [
    { id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
    { id: 3, abstractSyntax: CT, transferSyntaxes: [EXPLICIT, IMPLICIT] },
  ];
  const answer = (id: number, result: number, ...syntaxes: string[]): Buffer =>
    item(0x21, Buffer.concat([Buffer.from([id, 0, result, 0]), ...syntaxes.map((uid) => item(0x40, uid))]));
  const accept = (...items: Buffer[]): Buffer => pdu(0x02, Buffer.concat([Buffer.alloc(68), ...items]));

  it('leaves what is not answered, or answered with an unknown result, not accepted', () => {
    const read = readAssociateAccept(accept(answer(3, 77, EXPLICIT)), proposed);
    assert.deepEqual(
      read.contexts.map(({ id, result }) => [id, result]),
      [[3, 2]],
    );
    assert.equal(acceptedContexts(read.contexts).size, 0);
  });

  for (const [what, bytes] of [
    ['a context that was not proposed', accept(answer(5, 0, IMPLICIT))],
    ['a context twice', accept(answer(1, 0, IMPLICIT), answer(1, 3, IMPLICIT))],
    ['a transfer syntax that was not proposed', accept(answer(1, 0, JPEG))],
    ['no transfer syntax', accept(answer(1, 0))],
    ['two transfer syntaxes', accept(answer(3, 0, EXPLICIT, IMPLICIT))],
    ['a context item of three bytes', accept(item(0x21, Buffer.alloc(3)))],
    ['an item that is longer than the PDU', accept(Buffer.from([0x21, 0, 0xff, 0xff]))],
    ['a maximum length that leaves no room', accept(item(0x50, item(0x51, Buffer.from([0, 0, 0, 6]))))],
    ['less than its fixed part', pdu(0x02, Buffer.alloc(67))],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => readAssociateAccept(bytes, proposed), ProtocolError);
    });
  }
});

describe('A-ASSOCIATE-RJ (PS3.8 9.3.4)', () => {
  it('is read as it was written', () => {
    const rejection = { result: 2, source: 3, reason: 2 } as const;
    assert.deepEqual(readReject(encodeReject({ ...rejection, text: '' })), rejection);
  });
});
