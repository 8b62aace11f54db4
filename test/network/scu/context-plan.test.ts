import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  alternativesOf,
  chooseContext,
  planContexts,
  type SendAs,
  type Transferable,
} from '../../../src/network/scu';
import { CT, EXPLICIT, IMPLICIT, JPEG } from '../../support/connections/pdus';

const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70';
const JPEG_2000 = '1.2.840.10008.1.2.4.91';
const MPEG = '1.2.840.10008.1.2.4.102';
const SR = '1.2.840.10008.5.1.4.1.1.88.11';

const object = (transferSyntaxUID: string, sendAs: SendAs, sopClassUID = CT): Transferable => ({
  sopClassUID,
  transferSyntaxUID,
  alternatives: alternativesOf(transferSyntaxUID, sendAs),
});
const proposed = (objects: Transferable[]): [string, string[]][] =>
  planContexts(objects).contexts.map(({ abstractSyntax, transferSyntaxes }) => [
    abstractSyntax,
    transferSyntaxes,
  ]);
const accepted = (...contexts: [abstractSyntax: string, transferSyntax: string][]) =>
  new Map(
    contexts.map(([abstractSyntax, transferSyntax], at) => [2 * at + 1, { abstractSyntax, transferSyntax }]),
  );

describe('transfer syntaxes into which an object may be converted', () => {
  const both = [EXPLICIT, IMPLICIT];
  for (const [sendAs, expected] of Object.entries({
    'as-is': [[], [], [], [], [], [], [], []],
    uncompressed: [[IMPLICIT], [EXPLICIT], both, both, [], [], [], []],
    lossless: [[IMPLICIT], [EXPLICIT], both, both, both, [], [], []],
    lossy: [[IMPLICIT], [EXPLICIT], both, both, both, both, both, []],
  } satisfies Record<SendAs, string[][]>)) {
    it(`are with sendAs ${sendAs} those of the issue, and none for video`, () => {
      const from = [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED, JPEG_LOSSLESS, JPEG, JPEG_2000, MPEG];
      assert.deepEqual(
        from.map((each) => alternativesOf(each, sendAs as SendAs)),
        expected,
      );
    });
  }

  it('are none where nothing is known of its transfer syntax', () => {
    assert.deepEqual(alternativesOf('1.2.3.4', 'lossy'), []);
  });
});

describe('the contexts for a batch', () => {
  it('have each transfer syntax of a SOP class by itself, and the others together', () => {
    assert.deepEqual(proposed([object(DEFLATED, 'uncompressed'), object(DEFLATED, 'uncompressed')]), [
      [CT, [DEFLATED]],
      [CT, [EXPLICIT, IMPLICIT]],
    ]);
    assert.deepEqual(
      proposed([
        object(JPEG, 'uncompressed'),
        object(EXPLICIT, 'uncompressed'),
        object(IMPLICIT, 'lossy', SR),
      ]),
      [
        [CT, [JPEG]],
        [CT, [EXPLICIT]],
        [CT, [IMPLICIT]],
        [SR, [IMPLICIT]],
        [SR, [EXPLICIT]],
      ],
    );
  });

  it('have the default transfer syntax where PS3.5 10.1 demands it, though nothing is converted into it', () => {
    assert.deepEqual(proposed([object(EXPLICIT, 'as-is')]), [
      [CT, [EXPLICIT]],
      [CT, [IMPLICIT]],
    ]);
    assert.deepEqual(proposed([object(IMPLICIT, 'as-is')]), [[CT, [IMPLICIT]]]);
    assert.deepEqual(
      proposed([object(JPEG, 'as-is')]),
      [[CT, [JPEG]]],
      'not for what is only there compressed',
    );
  });

  it('are 128 at most, with odd ids; the rest is for another association, in its order', () => {
    const objects = Array.from({ length: 300 }, (_, at) =>
      object(DEFLATED, 'uncompressed', `1.2.${at % 150}`),
    );
    const { contexts, rest } = planContexts(objects);
    assert.deepEqual(
      contexts.map(({ id }) => id),
      Array.from({ length: 128 }, (_, at) => 2 * at + 1),
    );
    const fits = (each: Transferable): boolean => Number(each.sopClassUID.split('.')[2]) < 64;
    assert.deepEqual(
      rest,
      objects.filter((each) => !fits(each)),
    );
    assert.equal(planContexts(rest).rest.length, (150 - 128) * 2);
  });

  it('make room for one more object of a SOP class that is there', () => {
    const others = Array.from({ length: 126 }, (_, at) => object(JPEG, 'as-is', `1.2.${at}`));
    const [first, second, third] = [JPEG, JPEG_LOSSLESS, JPEG_2000].map((each) => object(each, 'as-is'));
    assert.ok(first && second && third);
    assert.deepEqual(planContexts([...others, first, second, third, first]).rest, [third]);
  });

  it('of nothing are none', () => {
    assert.deepEqual(planContexts([]), { contexts: [], rest: [] });
  });
});

describe('the context of an object', () => {
  it('is the one with its own transfer syntax, wherever that stands', () => {
    const contexts = accepted([CT, IMPLICIT], [SR, EXPLICIT], [CT, EXPLICIT]);
    assert.deepEqual(chooseContext(contexts, object(EXPLICIT, 'lossy')), {
      contextId: 5,
      transferSyntaxUID: EXPLICIT,
      conversion: 'none',
    });
  });

  it('is else one into which it may be converted, explicit VR first', () => {
    const contexts = accepted([CT, IMPLICIT], [CT, EXPLICIT]);
    const chosen = (from: string): unknown => chooseContext(contexts, object(from, 'lossless'));
    assert.deepEqual(chosen(DEFLATED), { contextId: 3, transferSyntaxUID: EXPLICIT, conversion: 'recode' });
    assert.deepEqual(chosen(JPEG_LOSSLESS), {
      contextId: 3,
      transferSyntaxUID: EXPLICIT,
      conversion: 'decompress',
    });
    assert.equal(chosen(JPEG), undefined, 'lossy, which may not be undone');
  });

  it('is none where the peer takes only what it may not be converted into', () => {
    assert.equal(chooseContext(accepted([CT, IMPLICIT]), object(EXPLICIT, 'as-is')), undefined);
    assert.equal(chooseContext(accepted([SR, EXPLICIT]), object(EXPLICIT, 'lossy')), undefined);
    assert.equal(chooseContext(new Map(), object(EXPLICIT, 'lossy')), undefined);
  });
});
