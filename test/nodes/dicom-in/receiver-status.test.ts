import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ReceiverStatus } from '../../../nodes/dicom-in/runtime/receiver-status';
import type { Counters } from '../../../src/receiver';

const AT = '2026-01-01T00:00:00.000Z';
const counters = (received: number): Counters => ({
  openAssociations: 1,
  associations: 1,
  rejected: 0,
  aborted: 0,
  connectionsRefused: 0,
  received,
  refused: 0,
  bytes: 0,
  delivered: 0,
  queued: 0,
  deadLetters: 0,
});
const status = (): ReceiverStatus => new ReceiverStatus((key) => key.replace('status.', ''));
const listening = { at: AT, event: 'listening', address: '::', port: 104 } as const;

/** The texts of a language, as the node's users see them. */
function catalogueText(language: string): (key: string, values?: Record<string, string | number>) => string {
  const path = join(__dirname, `../../../nodes/dicom-in/locales/${language}/dicom-in.json`);
  const catalogue = JSON.parse(readFileSync(path, 'utf8')) as {
    'dicom-in': { status: Record<string, string> };
  };
  return (key, values) =>
    (catalogue['dicom-in'].status[key.replace('status.', '')] ?? '').replace(
      /__(\w+?)__/g,
      (_match, name: string) => String(values?.[name]),
    );
}

describe('what the node shows', () => {
  it('starts yellow, listens green, and is red while it cannot listen', () => {
    const shown = status();
    assert.deepEqual([shown.current().fill, shown.current().text], ['yellow', 'starting']);
    shown.failed({ kind: 'portInUse', values: { port: 104 }, down: true });
    assert.deepEqual([shown.current().fill, shown.current().text], ['red', 'portInUse']);
    assert.equal(shown.sees(listening), true);
    assert.deepEqual([shown.current().fill, shown.current().text], ['green', 'listening']);
  });

  it('shows that it is drained, and what is still open, over a fault that has passed', () => {
    const draining = { at: AT, event: 'draining', openAssociations: 1 } as const;
    const shown = status();
    shown.sees(listening);
    shown.counted(counters(3));
    shown.failed({ kind: 'workerCrashed', values: {}, down: true });
    assert.equal(shown.sees(draining), true);
    const { fill, text, state } = shown.current();
    assert.deepEqual([fill, text, state], ['yellow', 'draining', 'draining']);
    shown.counted({ ...counters(3), openAssociations: 0 });
    assert.deepEqual([shown.current().text, shown.current().state], ['drained', 'drained']);
    for (const [language, few, many] of [
      ['en-US', 'draining, 1 open', 'draining, 12k open'],
      ['de', 'läuft leer, 1 offen', 'läuft leer'],
    ] as const) {
      const inWords = new ReceiverStatus(catalogueText(language));
      inWords.sees(draining);
      inWords.counted(counters(0));
      assert.equal(inWords.current().text, few);
      inWords.counted({ ...counters(0), openAssociations: 12_345 });
      assert.equal(inWords.current().text, many);
    }
  });

  it('shows that a disk does not answer, and when that has passed what was so before', () => {
    const shown = status();
    const silent = { kind: 'diskSilent', values: {}, down: true } as const;
    shown.sees(listening);
    shown.failed(silent, 'in words');
    assert.deepEqual(shown.current(), {
      fill: 'red',
      shape: 'ring',
      text: 'diskSilent',
      state: 'down',
      fault: 'diskSilent',
      problem: 'in words',
    });
    shown.recovered('diskSilent');
    assert.equal(shown.current().state, 'listening');
    shown.failed({ kind: 'portInUse', values: { port: 104 }, down: true });
    shown.failed(silent);
    shown.recovered('diskSilent');
    assert.equal(shown.current().fault, 'portInUse');
  });

  it('stays as it is for a fault that does not stop it', () => {
    const shown = status();
    shown.sees(listening);
    shown.failed({ kind: 'notConverted', values: {}, down: false });
    assert.equal(shown.current().state, 'listening');
  });

  it('is yellow while objects are refused for want of room, until one is received again', () => {
    const shown = status();
    shown.sees(listening);
    shown.counted(counters(7));
    shown.sees({ at: AT, event: 'disk-low', text: '' });
    assert.deepEqual([shown.current().fill, shown.current().text], ['yellow', 'diskLow']);
    shown.counted(counters(7));
    assert.equal(shown.current().fill, 'yellow');
    shown.counted(counters(8));
    assert.equal(shown.current().fill, 'green');
  });

  it('counts in words what waits, and what waits for a person', () => {
    const texts: Record<string, string> = {
      counts: '__objects__ received',
      countsOpen: '__objects__ in, __associations__ open',
      backlog: '__objects__ waiting',
      deadLetters: 'dead letters: __objects__',
      backlogAndDeadLetters: '__objects__ waiting, __deadLetters__ dead',
    };
    const shown = new ReceiverStatus((key, values) =>
      (texts[key.replace('status.', '')] ?? key).replace(/__(\w+?)__/g, (_match, name: string) =>
        String(values?.[name]),
      ),
    );
    shown.sees(listening);
    const text = (queued: number, deadLetters: number, received = 5): string => {
      shown.counted({ ...counters(received), queued, deadLetters });
      const { text = '', fill } = shown.current();
      assert.ok(text.length < 20, text);
      assert.equal(fill, deadLetters > 0 ? 'yellow' : 'green');
      return text;
    };
    assert.equal(text(0, 0), '5 in, 1 open');
    assert.equal(text(7, 0), '7 waiting');
    assert.equal(text(12_345, 0, 123_456), '12k waiting');
    assert.equal(text(0, 3), 'dead letters: 3');
    assert.equal(text(45, 3), '45 waiting, 3 dead');
    assert.equal(text(9_999, 9_999), 'dead letters: 9999');
    assert.equal(text(99_999, 999_999), 'dead letters: 999k');
  });

  it('does not say “0 received” of a node that has answered queries', () => {
    const shown = new ReceiverStatus((key) => key.replace('status.', ''), true);
    shown.sees(listening);
    const textAnd = (received: number, refused: number): unknown[] => {
      shown.counted({ ...counters(received), refused, openAssociations: 0 });
      return [shown.current().text, shown.current().shape];
    };
    assert.deepEqual(textAnd(0, 0), ['listening', 'dot']);
    assert.deepEqual(textAnd(0, 2), ['refused', 'dot']);
    assert.deepEqual(textAnd(1, 0), ['counts', 'dot']);
    assert.deepEqual(textAnd(1, 2), ['countsRefused', 'dot']);
  });

  it('says which setting is wrong, and all of it for Status nodes', () => {
    const shown = new ReceiverStatus((key, values) =>
      key.endsWith('.setting') ? `check ${values?.['setting']}` : key.replace('status.', ''),
    );
    const wrong = (setting: string): void =>
      shown.failed({ kind: 'settingsInvalid', values: { setting }, down: true }, `${setting}: not so`);
    wrong('Port');
    assert.equal(shown.current().text, 'check Port');
    assert.equal(shown.current().problem, 'Port: not so');
    wrong('Reject calls to any other AE title');
    assert.equal(shown.current().text, 'settings');
  });

  for (const language of ['en-US', 'de']) {
    it(`stays under 20 characters, whatever it has counted (${language})`, () => {
      const shown = new ReceiverStatus(catalogueText(language));
      shown.sees(listening);
      const numbers = [0, 1, 9_999, 10_000, 999_999, 1_000_000, 123_456_789];
      for (const received of numbers) {
        for (const other of numbers) {
          for (const openAssociations of [0, 1, 999, 10_000]) {
            shown.counted({ ...counters(received), openAssociations, refused: other });
            const refused = shown.current().text ?? '';
            assert(refused.length < 20, refused);
            assert.equal(/refused|abgew/.test(refused), other > 0, refused);

            shown.counted({ ...counters(1), openAssociations, queued: received, deadLetters: other });
            const waiting = shown.current().text ?? '';
            assert(waiting.length < 20, waiting);
            assert.equal(/dead|unzust/.test(waiting), other > 0, waiting);
          }
        }
      }
    });
  }

  it('says what its numbers are', () => {
    const shown = new ReceiverStatus(catalogueText('en-US'));
    shown.sees(listening);
    const text = (counted: Partial<Counters>): string | undefined => {
      shown.counted({ ...counters(1520), ...counted });
      return shown.current().text;
    };
    assert.equal(text({ openAssociations: 0 }), '1520 received');
    assert.equal(text({ openAssociations: 2 }), '1520 in, 2 open');
    assert.equal(text({ refused: 3 }), '1520 in, 3 refused');
    assert.equal(text({ refused: 123_456_789 }), '123M refused');
  });
});
