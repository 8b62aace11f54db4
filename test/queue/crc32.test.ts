import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32, tableCrc32 } from '../../src/queue/crc32';

describe('the CRC-32 of log records', () => {
  it('is the same with and without that of Node', () => {
    assert.equal(tableCrc32(Buffer.from('123456789')), 0xcbf43926);
    for (const length of [0, 1, 255, 5_000]) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 7) & 0xff));
      assert.equal(crc32(bytes), tableCrc32(bytes));
    }
  });
});
