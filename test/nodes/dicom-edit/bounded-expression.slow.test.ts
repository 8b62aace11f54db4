import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { util } from '@node-red/util';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { boundedExpression } from '../../../nodes/dicom-edit/runtime/bounded-expression';

type Util = NodeAPI['util'];

function prepared(text: string): ReturnType<Util['prepareJSONataExpression']> {
  return util.prepareJSONataExpression(text, {} as Node);
}

function evaluated(expression: ReturnType<typeof prepared>, message: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    util.evaluateJSONataExpression(expression, message as NodeMessage, (error, result: unknown) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    });
  });
}

const bounded = (text: string, message: object = {}): Promise<unknown> =>
  evaluated(boundedExpression(prepared(text)), message);

describe('an expression', () => {
  it('that has no end ends, and others work meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    try {
      await assert.rejects(bounded('($f := function() { $f() }; $f())'), /longer than 5 s/);
      assert.ok(turns > 20, `${turns} turns`);
    } finally {
      clearInterval(timer);
    }
  });

  it('that calls itself too often ends before it takes much memory', async () => {
    await assert.rejects(
      bounded('($f := function($n) { 1 + $f($n) }; $f(1))'),
      // On a busy machine its time may be over first.
      /calls itself too often|stack|takes longer/i,
    );
    assert.equal(await bounded('($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(500))'), 500);
    const sum = '($f := function($n, $sum) { $n = 0 ? $sum : $f($n - 1, $sum + 1) }; $f(5000, 0))';
    assert.equal(await bounded(sum), 5_000);
  });

  it('that makes more and more ends', async () => {
    const parts = [
      '($s := $pad("x", 1000000); [1..1000].($s & "y"))',
      '($f := function($s) { $f($s & $s) }; $f("x"))',
    ];
    for (const part of parts) await assert.rejects(bounded(part), /million characters/);
    assert.equal(await bounded('$length($pad("x", 50000000))'), 50_000_000);
  });

  it('with a number that there is not, or a range that is too long, is an error', async () => {
    await assert.rejects(bounded('$power(10, 1000)'), { code: 'D3061' });
    await assert.rejects(bounded('$count([1..payload])', { payload: 1e9 }), { code: 'D2014' });
  });

  it('searches its patterns in linear time, also those that take ages elsewhere', async () => {
    const payload = `${'a'.repeat(60_000)}!`;
    assert.equal(await bounded('$match(payload, /^(\\w+\\s?)*$/)', { payload }), undefined);
    assert.equal(await bounded('$contains(payload, /(a|a)*b/)', { payload }), false);
    assert.equal(await bounded('$eval("$contains(payload, /!$/)")', { payload }), true);
    await assert.rejects(bounded('$match(payload, /a/)', { payload: 'a'.repeat(100_000) }), /up to 65536/);
  });

  it('comes to the same as elsewhere', async () => {
    const message = { payload: 'Doe^Jane, Roe^jane; 2024-01-31', list: ['a1', 'b22', 'c'] };
    for (const text of [
      '$match(payload, /(\\w+)\\^(jane)/i)',
      '$match(payload, /(x)?Doe/)',
      '$match(payload, /jane/, 1)',
      '$replace(payload, /(\\w+)\\^(\\w+)/, "$2 $1")',
      '$replace(payload, /(\\d+)-(\\d+)/, function($m) { $m.groups[1] & $m.groups[0] })',
      '$split(payload, /[,;] /)',
      'list[$contains($, /\\d{2}/)]',
      'payload ~> $contains(/^doe/i)',
      '(payload ~> /\\d+/).match',
      '$map(list, function($v) { $match($v, /[0-9]+/).match })',
      'payload ~> $replace(/\\u002c\\/?/, "/")',
      '$sum(list.$length())',
      '$eval("1 + 1")',
    ]) {
      const [ours, theirs] = [await bounded(text, message), await evaluated(prepared(text), message)];
      assert.equal(JSON.stringify(ours), JSON.stringify(theirs), text);
    }
  });

  it('keeps a pattern that looks around, or refers to a group, as it is', async () => {
    assert.equal(await bounded('$contains(payload, /a(?!b)/)', { payload: 'ab ac' }), true);
    assert.equal(await bounded('$contains(payload, /(.)\\1/)', { payload: 'abba' }), true);
  });

  it('is bounded anew for each message', async () => {
    const expression = boundedExpression(prepared('$replace(payload, /a/, "b")'));
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, index) => evaluated(expression, { payload: `a${index}` })),
    );
    assert.deepEqual(
      all,
      all.map((_, index) => `b${index}`),
    );
  });
});
