import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../../src/network/upper-layer/pdu';
import { StreamReading } from '../../support/connections/fragments';
import { dataTF, echoRQ, pdv, storeRQ } from '../../support/connections/pdus';

const COMMAND = 1;
const LAST = 2;

const violates = (pdvs: Buffer[], reason: number, words: RegExp): void =>
  assert.throws(
    () => new StreamReading().push(dataTF(...pdvs)),
    (error: unknown) =>
      error instanceof ProtocolError && error.reason === reason && words.test(error.message),
  );

describe('the reader of DIMSE messages', () => {
  it('puts a command together from fragments, and passes data on as it comes', () => {
    const reading = new StreamReading();
    const command = storeRQ();
    reading.push(
      dataTF(pdv(3, COMMAND, command.subarray(0, 9)), pdv(3, COMMAND | LAST, command.subarray(9))),
    );
    assert.deepEqual([reading.messages.length, reading.messageReader.isUnderWay], [0, true]);
    reading.push(dataTF(pdv(3, 0, Buffer.from('ab')), pdv(3, LAST, Buffer.alloc(0))));
    const [message] = reading.messages;
    assert.deepEqual([message?.contextId, message?.data?.toString()], [3, 'ab']);
    assert.equal(reading.messageReader.isUnderWay, false);
  });

  it('takes messages one behind the other, on different contexts', () => {
    const reading = new StreamReading();
    for (const id of [1, 5]) reading.push(dataTF(pdv(id, COMMAND | LAST, echoRQ(id))));
    assert.deepEqual(
      reading.messages.map(({ contextId, command }) => [contextId, command.messageId]),
      [
        [1, 1],
        [5, 5],
      ],
    );
  });

  it('is ready for a new message once it is reset', () => {
    const reading = new StreamReading();
    reading.push(dataTF(pdv(3, COMMAND, storeRQ().subarray(0, 9))));
    reading.messageReader.reset();
    reading.push(dataTF(pdv(1, COMMAND | LAST, echoRQ())));
    assert.equal(reading.messages.length, 1);
  });

  it('takes no fragment that cannot come now (PS3.8 E.2)', () => {
    const command = pdv(3, COMMAND | LAST, storeRQ());
    violates([pdv(3, LAST, Buffer.from('x'))], 2, /before its command/);
    violates([command, command], 2, /inside a data set/);
    violates([command, pdv(5, LAST, Buffer.from('x'))], 2, /another presentation context/);
    violates([pdv(3, COMMAND, storeRQ()), pdv(5, COMMAND, echoRQ())], 2, /another presentation context/);
  });

  it('collects no endless command, of bytes or of empty fragments', () => {
    const bytes = Array.from({ length: 70 }, () => pdv(3, COMMAND, Buffer.alloc(1_000)));
    violates(bytes, 6, /more than 65536 bytes/);
    const empty = Array.from({ length: 65_537 }, () => pdv(3, COMMAND, Buffer.alloc(0)));
    violates(empty, 6, /more than 65536/);
  });
});
