import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainJson, shownJson } from '../../../nodes/runtime/plain-json';

const circle: Record<string, unknown> = {};
circle['circle'] = circle;

describe('a value of a flow as JSON', () => {
  it('is a copy of what JSON has of it', () => {
    const value = {
      text: 'a',
      list: [1, null, undefined, () => 1, NaN],
      date: new Date(0),
      bytes: Buffer.from([1, 2]),
      big: 10n,
      left: undefined,
      out: Symbol('out'),
    };
    const plain = plainJson(value, 1_000);
    assert.deepEqual(structuredClone(plain), plain);
    const { big, ...json } = JSON.parse(JSON.stringify({ ...value, big: '10' })) as Record<string, unknown>;
    const bytes = { 0: 1, 1: 2 };
    assert.deepEqual(plain, { ...json, bytes, big });
  });

  it('is none where it is too long, too deep or endless', () => {
    const endless = Object.assign([], { length: 1e9 });
    for (const value of [circle, 'x'.repeat(1_001), endless, Buffer.alloc(300), { 'a long key': circle }])
      assert.throws(() => plainJson(value, 1_000), RangeError);
  });

  it('is shown in a text, whatever it is', () => {
    const values = ['a', 10n, undefined, Symbol('it'), circle, { a: [1] }];
    assert.deepEqual(values.map(shownJson), ['"a"', '"10"', '', '', '…', '{"a":[1]}']);
  });
});
