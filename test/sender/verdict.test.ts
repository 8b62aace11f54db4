import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openText, statusText } from '../../src/sender/peer-words';
import { verdictOfStatus } from '../../src/sender/verdict';

const rows: [status: number, verdict: string][] = [
  [0x0000, 'sent'],
  ...[0x0001, 0x0107, 0x0116, 0xb000, 0xb006, 0xb007, 0xb123, 0xbfff].map(warned),
  ...[0xa700, 0xa701, 0xa7ff, 0x0110, 0x0213].map((status): [number, string] => [status, 'again']),
  ...[0x0117, 0x0118, 0x0119, 0x0122, 0x0124, 0x0211, 0x0212, 0xa900, 0xa9ff].map(final),
  ...[0xc000, 0xc123, 0xcfff, 0x0210, 0xa800, 0xfe00, 0xff00, 0x1234, 0x0002].map(
    (status): [number, string] => [status, 'few'],
  ),
];

function warned(status: number): [number, string] {
  return [status, 'sent, with warning'];
}

function final(status: number): [number, string] {
  return [status, 'final'];
}

function words(status: number, isChanged: boolean): string {
  const verdict = verdictOfStatus(status, isChanged);
  return verdict.kind === 'sent' && verdict.warning ? 'sent, with warning' : verdict.kind;
}

describe('the status of a C-STORE response', () => {
  for (const [status, verdict] of rows)
    it(`${status.toString(16).padStart(4, '0')}: ${verdict}`, () =>
      assert.equal(words(status, false), verdict));

  it('that means sent is not told in words of a failure', () => {
    const sent = rows
      .filter(([, verdict]) => verdict.startsWith('sent'))
      .map(([status]) => statusText(status));
    assert.deepEqual(
      sent.filter((text) => !/^(success|warning)/.test(text)),
      [],
    );
  });

  it('0111 is no failure where nothing was changed: the peer has that object', () =>
    assert.equal(words(0x0111, false), 'sent, with warning'));

  it('0111 is one for good where something was: the peer keeps its old one', () =>
    assert.equal(words(0x0111, true), 'final'));
});

it('a connection that fails is told in words where there are some, else as the system tells it', () => {
  const text = (code: string): string => openText({ outcome: 'failed', code, text: `read ${code}` });
  assert.equal(text('ECONNRESET'), 'the peer reset the connection');
  assert.equal(text('ENOTFOUND'), 'the host name is not known');
  assert.equal(text('EOTHER'), 'read EOTHER');
});

describe('a rejected association', () => {
  const text = (source: number, reason: number): string =>
    openText({ outcome: 'rejected', result: 1, source, reason });

  it('is told by what its reason means for its source (PS3.8 Table 9-21)', () => {
    assert.match(text(1, 2), /: application context not supported \(result 1, source 1, reason 2\)$/);
    assert.match(text(2, 2), /: protocol version not supported /);
    assert.match(text(3, 1), /: it has too many associations now /);
  });

  it('is told by its numbers where they mean nothing', () => {
    for (const [source, reason] of [
      [2, 3],
      [2, 7],
      [3, 3],
      [4, 1],
    ] as const)
      assert.equal(
        text(source, reason),
        `association rejected: result 1, source ${source}, reason ${reason}`,
      );
  });
});
