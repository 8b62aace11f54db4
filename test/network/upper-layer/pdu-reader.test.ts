import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../../src/network/upper-layer/pdu';
import { StreamReading } from '../../support/fragments';
import { abort, dataTF, pdu, pdv, releaseRQ } from '../../support/pdus';

interface Piece {
  text: string;
  isLast: boolean;
  endsPdv: boolean;
}

/** Reads P-DATA-TF into pieces; pauses after each of them, if told to. */
function reading(pausing = false): { all: StreamReading; pieces: Piece[] } {
  const pieces: Piece[] = [];
  const all: StreamReading = new StreamReading(1_000, ({ bytes, isLast, endsPdv }) => {
    pieces.push({ text: bytes.toString(), isLast, endsPdv });
    if (pausing) all.reader.pause();
  });
  return { all, pieces };
}

const violates = (bytes: Buffer, reason: number, words: RegExp): void =>
  assert.throws(
    () => reading().all.reader.push(bytes),
    (error: unknown) =>
      error instanceof ProtocolError && error.reason === reason && words.test(error.message),
  );

describe('the reader of PDUs', () => {
  it('gives fragments as they come: pieces of a PDV, the last of which ends it', () => {
    const { all, pieces } = reading();
    const bytes = dataTF(pdv(1, 2, Buffer.from('abcdef')), pdv(1, 0, Buffer.alloc(0)));
    all.reader.push(bytes.subarray(0, 15));
    all.reader.push(bytes.subarray(15));
    assert.deepEqual(pieces, [
      { text: 'abc', isLast: true, endsPdv: false },
      { text: 'def', isLast: true, endsPdv: true },
      { text: '', isLast: false, endsPdv: true },
    ]);
    assert.deepEqual(all.told, ['begins 4 18', 'ends 4']);
  });

  it('gives other PDUs whole, header included, also byte by byte', () => {
    const { all } = reading();
    for (const byte of Buffer.concat([releaseRQ(), abort()])) all.reader.push(Buffer.from([byte]));
    assert.deepEqual(all.pdus, [releaseRQ(), abort()]);
    assert.deepEqual(all.told, ['begins 5 4', 'ends 5', 'begins 7 4', 'ends 7']);
  });

  it('stops while it is paused, keeps what comes meanwhile, and goes on in order', () => {
    const { all, pieces } = reading(true);
    const chunk = dataTF(pdv(1, 0, Buffer.from('a')), pdv(1, 0, Buffer.from('b')));
    all.reader.push(chunk);
    all.reader.push(dataTF(pdv(1, 2, Buffer.from('c'))));
    // The chunk was valid during the call only.
    chunk.fill(0xdd);
    const seen = [pieces.map(({ text }) => text).join('')];
    for (let turn = 0; turn < 3; turn += 1) {
      all.reader.resume();
      seen.push(pieces.map(({ text }) => text).join(''));
    }
    assert.deepEqual(seen, ['a', 'ab', 'abc', 'abc']);
  });

  it('judges a type at its first byte, and a length at the sixth', () => {
    violates(Buffer.from([0x42]), 1, /42H does not exist.*HTTP/);
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
