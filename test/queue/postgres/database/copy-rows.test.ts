import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CopyRows } from '../../../../src/queue/postgres/database/copy-rows';

/** What PostgreSQL sends for these rows. */
function copied(rows: readonly (readonly string[])[]): Buffer {
  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const number = (value: number, bytes: 2 | 4): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, 0, bytes);
    return buffer;
  };
  const fields = (row: readonly string[]): Buffer[] =>
    row.flatMap((text) => [number(text.length, 4), Buffer.from(text)]);
  return Buffer.concat([
    header,
    ...rows.flatMap((row) => [number(row.length, 2), ...fields(row)]),
    number(-1, 2),
  ]);
}

describe('rows in the binary form of COPY', () => {
  const rows = [
    ['one', ''],
    ['two', 'x'.repeat(300)],
    ['three', '\0\n'],
  ];

  it('are read whatever the pieces are in which they come, of which nothing is kept', () => {
    const bytes = copied(rows);
    for (const length of [1, 2, 3, 7, 20, 64, bytes.length]) {
      const found: string[][] = [];
      const reader = new CopyRows((fields) => found.push(fields.map(String)));
      for (let at = 0; at < bytes.length; at += length) {
        const piece = Buffer.from(bytes.subarray(at, at + length));
        reader.take(piece);
        piece.fill(0xee);
      }
      reader.end();
      assert.deepEqual(found, rows, `${length} bytes at a time`);
    }
  });

  it('are none where they have no end, or are something else', () => {
    const cut = new CopyRows(() => undefined);
    cut.take(copied(rows).subarray(0, -2));
    assert.throws(() => cut.end(), /no end/);
    assert.throws(() => new CopyRows(() => undefined).take(Buffer.alloc(64)), /not in the form/);
  });
});
