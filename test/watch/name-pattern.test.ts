import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DICOM_WATCH } from '../../src/settings';
import { namePattern } from '../../src/watch/name-pattern';
import { countComputing } from '../support/machine/computing';

it('a name fits a list of patterns, with * and ? and without capitals', () => {
  const cases: [patterns: string, name: string, fits: boolean][] = [
    ['', 'anything', true],
    ['*', 'anything', true],
    ['*.dcm', 'a.DCM', true],
    ['*.dcm', 'a.dcm.part', false],
    ['IM?', 'im1', true],
    ['IM?', 'IM', false],
    ['IM?', 'IM12', false],
    ['*.dcm, IM*', 'IM0001', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['*a*', 'bab', true],
    ['[a].dcm', '[a].dcm', true],
    ['[a].dcm', 'a.dcm', false],
    ['.dcm', 'adcm', false],
  ];
  for (const [patterns, name, fits] of cases)
    assert.equal(namePattern(patterns)(name), fits, `${name} and ${patterns}`);
});

it('the worst pattern takes no time that somebody would see', () => {
  const fits = namePattern(`${'*a'.repeat(100)}b`);
  const computed = countComputing();
  for (let number = 0; number < 100; number += 1) assert.equal(fits('a'.repeat(255)), false);
  assert.ok(computed() < 2_000);
});

it('a pattern is a name and no path, and there are not too many', () => {
  const codes = (value: string): string[] => DICOM_WATCH.check('pattern', value).map(({ code }) => code);
  assert.deepEqual(codes('*.dcm, IM*'), []);
  assert.deepEqual(codes('ct/*.dcm'), ['patternHasFolder']);
  assert.deepEqual(codes('x'.repeat(300)), ['patternTooLong']);
  assert.deepEqual(codes('a,'.repeat(40)), ['patternTooLong']);
});

it('places must be outside of the watched directory, as far as their texts say', () => {
  const fields = (values: object): string[] =>
    DICOM_WATCH.checkTogether({ directory: '/data/in', ...values }).map(
      ({ field, code }) => `${field} ${code}`,
    );
  assert.deepEqual(fields({}), []);
  assert.deepEqual(fields({ directory: '' }), ['directory required']);
  assert.deepEqual(fields({ after: 'move' }), ['moveTo required']);
  assert.deepEqual(fields({ after: 'move', moveTo: '/data/in/done' }), ['moveTo insideWatched']);
  assert.deepEqual(fields({ after: 'move', moveTo: '/data/in2' }), []);
  assert.deepEqual(fields({ errorDirectory: '/data/in/' }), ['errorDirectory insideWatched']);
  assert.deepEqual(fields({ directory: '${IN}', after: 'move', moveTo: 'done' }), ['moveTo notAbsolute']);
  assert.deepEqual(fields({ after: 'delete' }), ['acknowledge deletedUnsafe']);
});
