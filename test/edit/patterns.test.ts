import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkPattern, PatternError, Patterns, replaceText } from '../../src/edit/patterns';
import { countComputing } from '../support/machine/computing';

const replaced = (pattern: string, text: string, replacement: string): string =>
  new Patterns().replace(pattern, text, replacement);

describe('patterns', () => {
  it('replace all that they match, with groups as JavaScript writes them', () => {
    assert.equal(
      replaced('(\\d+)-(?P<rest>\\d+)', '1-2 33-44', '$<rest>/$1/$&/$$'),
      '2/1/1-2/$ 44/33/33-44/$',
    );
    assert.equal(replaced('x*', 'axb', '-'), '-a--b-');
    assert.equal(replaced('(a)|(b)', 'ab', '[$1$2]'), '[a][b]');
    assert.equal(replaced('不', '不可', '$'), '$可');
    assert.equal(replaceText('$1', 'a$1b', '$&'), 'a$&b');
  });

  it('refuse what is none, what is not linear, and groups that there are not', () => {
    for (const pattern of ['(', '(?=a)', '(?<=a)b', '(a)\\1', '((a{100}){100}){100}', '\\p{Nope}'])
      assert.throws(() => checkPattern(pattern), PatternError, pattern);
    assert.throws(() => replaced('(a)', 'a', '$2'), /no group 2/);
    assert.throws(() => replaced('a', 'a', '$<name>'), /no group name/);
  });

  it('take linear time where others take for ever', () => {
    const computed = countComputing();
    const text = `${'a'.repeat(60_000)}!`;
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*)*x', '^([a-zA-Z]+)*$'])
      assert.equal(new Patterns().isMatching(pattern, text), false, pattern);
    assert.ok(computed() < 10_000);
  });

  it('do not make of little text very much', () => {
    const text = 'a'.repeat(60_000);
    assert.throws(() => replaced('a', text, text), /more than 1048576 characters/);
    assert.throws(() => replaceText('a', text, text), /more than 1048576 characters/);
    assert.throws(() => replaced('a', 'a'.repeat(70_000), 'b'), /up to 65536 characters/);
  });
});
