import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../../src/network/upper-layer/pdu';
import { PduReader } from '../../../src/network/upper-layer/pdu-reader';
import { StreamReading } from '../../support/connections/fragments';
import { abort, dataTF, pdu, pdv, releaseRQ } from '../../support/connections/pdus';

const violates = (bytes: Buffer, reason: number, words: RegExp): void =>
  assert.throws(
    () => new StreamReading(1_000).push(bytes),
    (error: unknown) =>
      error instanceof ProtocolError && error.reason === reason && words.test(error.message),
  );

describe('the reader of PDUs', () => {
  it('gives fragments as they come: pieces of a PDV, the last of which ends it', () => {
    const pieces: unknown[] = [];
    const reading = new StreamReading(1_000, ({ bytes, isLast, endsPdv }) => {
      pieces.push([bytes.toString(), isLast, endsPdv]);
    });
    const bytes = dataTF(pdv(1, 2, Buffer.from('abcdef')), pdv(1, 0, Buffer.alloc(0)));
    reading.push(bytes.subarray(0, 15));
    reading.push(bytes.subarray(15));
    assert.deepEqual(pieces, [
      ['abc', true, false],
      ['def', true, true],
      ['', false, true],
    ]);
    assert.deepEqual(reading.told, ['begins 4 18', 'ends 4']);
  });

  it('gives other PDUs whole, header included, also byte by byte', () => {
    const reading = new StreamReading();
    for (const byte of Buffer.concat([releaseRQ(), abort()])) reading.push(Buffer.from([byte]));
    assert.deepEqual(reading.pdus, [releaseRQ(), abort()]);
    assert.deepEqual(reading.told, ['begins 5 4', 'ends 5', 'begins 7 4', 'ends 7']);
  });

  it('keeps what is not asked for, when the memory of its chunk is used again, and goes on in order', () => {
    const reader = new PduReader(1_000);
    const texts: string[] = [];
    const readOne = (): void => {
      for (let part = reader.next(); part !== undefined; part = reader.next()) {
        if (part.kind !== 'fragment') continue;
        texts.push(part.bytes.toString());
        return;
      }
    };
    const chunk = dataTF(pdv(1, 0, Buffer.from('a')), pdv(1, 0, Buffer.from('b')));
    reader.push(chunk);
    readOne();
    reader.keepRest();
    chunk.fill(0xdd);
    reader.push(dataTF(pdv(1, 2, Buffer.from('c'))));
    for (let turn = 0; turn < 3; turn += 1) readOne();
    assert.deepEqual(texts, ['a', 'b', 'c']);
  });

  it('judges a type at its first byte, and a length at the sixth', () => {
    violates(Buffer.from([0x42]), 1, /42H does not exist.*HTTP client/);
    // What the asking side may get: a web server's answer, an alert of TLS.
    violates(Buffer.from('HTTP/1.1 400 Bad Request'), 1, /48H does not exist; this looks like HTTP$/);
    violates(Buffer.from([0x15, 3, 1, 0, 2, 2, 10]), 1, /15H does not exist; this looks like TLS/);
    for (const type of [1, 2]) violates(pdu(type, Buffer.alloc(0)), 6, /claims 0 bytes/);
    violates(Buffer.from([0x16]), 1, /TLS client/);
    violates(Buffer.from([0]), 1, /00H/);
    violates(pdu(5, Buffer.alloc(5)).subarray(0, 6), 6, /claims 5 bytes; allowed are 4 to 4/);
    violates(dataTF(Buffer.alloc(1_001)).subarray(0, 6), 6, /allowed are 6 to 1000/);
    violates(dataTF(Buffer.alloc(5)).subarray(0, 6), 6, /claims 5 bytes/);
  });

  it('takes no PDV that is longer than its PDU, or has no room for its own header', () => {
    violates(dataTF(Buffer.from([0, 0, 0, 9, 1, 0, 0])), 6, /claims 9 bytes where its PDU has 3 left/);
    violates(dataTF(Buffer.from([0, 0, 0, 1, 1, 0])), 6, /PDV claims 1 bytes/);
    violates(dataTF(pdv(1, 0, Buffer.from('a')), Buffer.alloc(5)), 6, /5 bytes are left/);
  });
});
