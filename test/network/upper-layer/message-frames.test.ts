import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageFrames } from '../../../src/network/upper-layer/message-frames';
import { storeRQ } from '../../support/connections/pdus';
import { StreamReading } from '../../support/connections/fragments';
import { Random } from '../../support/objects/mutations';

/** Frames a message as who sends it does, and reads what comes of it. */
function framed(
  memory: number,
  limit: number,
  pieces: readonly Buffer[],
  command = storeRQ(),
): {
  data: Buffer | undefined;
  writes: number;
  pduLengths: number[];
} {
  const frames = new MessageFrames(Buffer.alloc(memory), limit);
  const reading = new StreamReading(0xffff_ffff);
  let writes = 0;
  const write = (pdus: Buffer): void => {
    assert.ok(pdus.length > 0, 'no empty write');
    writes += 1;
    reading.push(Buffer.from(pdus));
  };
  frames.begin(9, command);
  for (const piece of pieces) {
    for (let at = frames.add(piece, 0); at < piece.length; at = frames.add(piece, at)) write(frames.take());
  }
  assert.equal(reading.messages.length, 0, 'nothing says that a fragment is the last one before the end');
  write(frames.finish());
  const [message, ...more] = reading.messages;
  assert.deepEqual(more, []);
  assert.equal(message?.contextId, 9);
  const pduLengths = reading.told
    .filter((each) => each.startsWith('begins'))
    .map((each) => Number(each.split(' ')[2]));
  return { data: message.data, writes, pduLengths };
}

describe('a message in PDUs', () => {
  it('is one piece where it is small: command set, then data set', () => {
    const { writes, pduLengths } = framed(100_000, 16_384, [Buffer.alloc(5_000, 1)]);
    assert.equal(writes, 1);
    assert.deepEqual(pduLengths, [storeRQ().length + 6, 5_006]);
  });

  it('fills PDUs to the limit of the peer, and without one as far as the memory goes', () => {
    const content = Buffer.alloc(100_000, 1);
    const { pduLengths } = framed(300_000, 16_384, [content.subarray(0, 3), content.subarray(3)]);
    assert.deepEqual(pduLengths.slice(1, -1), [16_384, 16_384, 16_384, 16_384, 16_384, 16_384]);
    assert.deepEqual(framed(300_000, 0, [content]).pduLengths.slice(1), [100_006]);
    assert.equal(framed(300_000, 0, [Buffer.alloc(1_000_000)]).writes, 4);
  });

  it('has an empty fragment for an empty data set', () => {
    assert.deepEqual(framed(10_000, 0, []).data, Buffer.alloc(0));
    assert.deepEqual(framed(10_000, 0, [Buffer.alloc(0)]).data, Buffer.alloc(0));
  });

  it('is the same whatever its pieces, the limit and the memory', () => {
    const random = new Random(7);
    for (let round = 0; round < 150; round += 1) {
      const content = Buffer.from(Array.from({ length: random.below(20_000) }, () => random.below(256)));
      const pieces: Buffer[] = [];
      for (let at = 0; at < content.length;) {
        const end = at + random.below(random.pick([2, 50, 9_000]));
        pieces.push(content.subarray(at, end));
        at = Math.min(end, content.length);
      }
      const limit = random.pick([0, 7, 8, 9, 12, 13, 100, 101, 2_000, 16_384, 4_294_967_295]);
      const memory = random.pick([3_000, 3_001, 4_096, 9_999, 100_000]);
      const { data, pduLengths } = framed(memory, limit, pieces);
      const about = `round ${round}: limit ${limit}, memory ${memory}, ${content.length} bytes`;
      assert.ok(data?.equals(content), about);
      assert.ok(limit === 0 || Math.max(...pduLengths) <= limit, about);
    }
  });

  it('is not begun where the memory is too small for its command set', () => {
    assert.throws(() => framed(100, 0, []), /too long to be sent/);
  });
});
