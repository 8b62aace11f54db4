import assert from 'node:assert/strict';
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

describe('what the node shows', () => {
  it('starts yellow, listens green, and is red while it cannot listen', () => {
    const shown = status();
    assert.deepEqual([shown.current().fill, shown.current().text], ['yellow', 'starting']);
    shown.failed({ kind: 'portInUse', values: { port: 104 }, down: true });
    assert.deepEqual([shown.current().fill, shown.current().text], ['red', 'portInUse']);
    assert.equal(shown.sees(listening), true);
    assert.deepEqual([shown.current().fill, shown.current().text], ['green', 'listening']);
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
      counts: '__associations__⇄ __objects__✓',
      backlog: '__objects__ waiting',
      deadLetters: 'dead letters: __objects__',
      backlogAndDeadLetters: '__objects__ wait __deadLetters__ dead',
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
    assert.equal(text(0, 0), '1⇄ 5✓');
    assert.equal(text(7, 0), '1⇄ 5✓ 7 waiting');
    assert.equal(text(12_345, 0, 123_456), '12k waiting');
    assert.equal(text(0, 3), 'dead letters: 3');
    assert.equal(text(45, 3), '45 wait 3 dead');
    assert.equal(text(9_999, 9_999), '9999 wait 9999 dead');
    assert.equal(text(99_999, 999_999), '99k wait 999k dead');
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
    wrong('Callers must use our AE title');
    assert.equal(shown.current().text, 'settings');
  });

  it('stays under 20 characters, whatever it has counted', () => {
    const words = '__associations__⇄ __objects__✓ __refused__✗';
    const shown = new ReceiverStatus((_, values) =>
      words.replace(/__(\w+?)__/g, (_match, name: string) => String(values?.[name])),
    );
    shown.sees(listening);
    for (const count of [1, 9_999, 10_000, 999_999, 1_000_000, 123_456_789]) {
      shown.counted({ ...counters(count), openAssociations: Math.min(count, 10_000), refused: count });
      const { text = '' } = shown.current();
      assert(text.length < 20, text);
    }
    assert.equal(shown.current().text, '10k⇄ 123M✓ 123M✗');
  });
});
