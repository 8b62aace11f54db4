import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MAX_JSON_DEPTH,
  parseJson,
  positionOf,
  printJson,
  type JsonErrorCode,
  type JsonNode,
} from '../../src/integration-soup';
import { mutate, Random } from '../support/objects/mutations';
import { randomJson } from './receiver-json';

const tree = (text: string): JsonNode => {
  const parsed = parseJson(text);
  assert('tree' in parsed, 'error' in parsed ? `${parsed.error.code} in ${text}` : '');
  return parsed.tree;
};

describe('JSON that remembers where it stood', () => {
  const broken: [string, JsonErrorCode, number, number, string?][] = [
    ['', 'empty', 1, 1],
    ['  \n ', 'empty', 2, 2],
    ['{\n  "Port": 104,\n}', 'trailingComma', 2, 14, ','],
    ['[1,\r\n 2,\r\n]', 'trailingComma', 2, 3],
    ['{"a": 1\n "b": 2}', 'unexpected', 2, 2, '"'],
    ['{"a" 1}', 'unexpected', 1, 6, '1'],
    ['{"a": }', 'unexpected', 1, 7],
    ["{'a': 1}", 'unquotedKey', 1, 2, "'"],
    ['{a: 1}', 'unquotedKey', 1, 2, 'a'],
    ['{"a": 1, "b": {"a": 1, "a": 2}}', 'duplicateKey', 1, 24, 'a'],
    ['{"a": 1', 'unexpectedEnd', 1, 8],
    ['{"a', 'unexpectedEnd', 1, 4],
    ['{"a": tru}', 'unexpected', 1, 7, 'tru'],
    ['{"a": 0104}', 'badNumber', 1, 7, '0104'],
    ['{"a": .5}', 'badNumber', 1, 7, '.5'],
    ['{"a": +5}', 'badNumber', 1, 7, '+5'],
    ['{"a": "b\nc"}', 'lineBreakInString', 1, 9],
    ['{"a": "\\x"}', 'badEscape', 1, 8, '\\x'],
    ['{"a": "\\u12"}', 'badEscape', 1, 8, '\\u'],
    ['{ // a comment\n}', 'comment', 1, 3],
    ['{} {}', 'afterEnd', 1, 4, '{'],
    ['\ufeff{"a": 1,}', 'trailingComma', 1, 8],
  ];
  for (const [text, code, line, column, found] of broken) {
    it(`says ${code} at ${line}:${column} of ${JSON.stringify(text)}`, () => {
      const parsed = parseJson(text);
      assert('error' in parsed);
      assert.equal(parsed.error.code, code);
      assert.deepEqual(positionOf(text, parsed.error.offset), { line, column });
      if (found !== undefined) assert.equal(parsed.error.found, found);
    });
  }

  it('refuses what is nested too deep, however deep, and nothing less', () => {
    const nested = (depth: number): string => '['.repeat(depth + 1) + ']'.repeat(depth + 1);
    assert('tree' in parseJson(nested(MAX_JSON_DEPTH)));
    for (const depth of [MAX_JSON_DEPTH + 1, 1_000_000]) {
      const parsed = parseJson(nested(depth));
      assert.equal('error' in parsed && parsed.error.code, 'tooDeep');
    }
  });

  it('reads a byte order mark as nothing', () => {
    assert.equal(printJson(tree('\ufeff{"a":1}')), '{"a":1}');
  });

  it('keeps numbers as they are written, and __proto__ as a key like any other', () => {
    const text = '{"__proto__":{"polluted":1.0},"a":12345678901234567890,"constructor":[1e3,-0]}';
    assert.equal(printJson(tree(text)), text);
    assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
  });

  it('prints with indentation as JSON.stringify does', () => {
    const value = { a: [1, { b: [] }], c: {}, d: 'é\n' };
    assert.equal(printJson(tree(JSON.stringify(value)), 2), JSON.stringify(value, null, 2));
  });

  it('accepts what JSON.parse accepts, with the same meaning, and refuses what it refuses: 20000 texts', () => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    let accepted = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const original = randomJson(random);
      const bytes = Buffer.from(original);
      const text = round % 2 === 0 ? original : mutate(bytes, random, [bytes]).toString('utf8');
      const parsed = parseJson(text);
      // Stricter than JSON.parse on purpose.
      if ('error' in parsed && parsed.error.code === 'duplicateKey') continue;
      let expected: unknown;
      try {
        expected = JSON.parse(text.replace(/^\ufeff/, ''));
      } catch (error) {
        assert(error instanceof SyntaxError);
        assert('error' in parsed, `seed ${seed}: accepted ${JSON.stringify(text)}`);
        continue;
      }
      assert('tree' in parsed, `seed ${seed}: refused ${JSON.stringify(text)}`);
      assert.deepEqual(JSON.parse(printJson(parsed.tree)), expected, `seed ${seed}: ${JSON.stringify(text)}`);
      accepted += 1;
    }
    assert(accepted > 10_000, `${accepted} accepted`);
  });
});
