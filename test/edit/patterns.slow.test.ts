import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Patterns } from '../../src/edit/patterns';
import { countComputing } from '../support/machine/computing';

it('patterns that look at all of a long text behind each match are given up after seconds', () => {
  const computed = countComputing();
  assert.throws(() => new Patterns().replace('a.*b|a', 'a'.repeat(60_000), 'x'), /take too long/);
  assert.ok(computed() < 15_000);
});
