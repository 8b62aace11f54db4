import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outError } from '../../../nodes/dicom-out/runtime/out-error';
import { failureOf } from '../../../nodes/dicom-out/runtime/outcome-facts';
import { outStatus } from '../../../nodes/dicom-out/runtime/out-status';
import type { SendOutcome } from '../../../src/sender';
import { readBuilt } from '../../support/package/node-types';

/** As Node-RED gives the texts of the catalogue. */
function text(key: string, values: Record<string, string | number> = {}): string {
  let found = JSON.parse(readBuilt('dicom-out', 'locales', 'en-US', 'dicom-out.json')) as unknown;
  for (const name of ['dicom-out', ...key.split('.')]) found = (found as Record<string, unknown>)[name];
  return String(found).replace(/__(\w+)__/g, (_, name: string) => String(values[name] ?? ''));
}

const FAILED: SendOutcome = { kind: 'failed', text: 'not today', attempts: 1, milliseconds: 1 };

describe('an error of dicom-out', () => {
  it('has a code, and ends with what the peer said', () => {
    const outcome = { ...FAILED, failure: 'refused', status: 0xa700, errorComment: 'disk full' } as const;
    const error = outError(text, failureOf(outcome));
    assert.equal(error.message, 'The peer refused the object: not today disk full');
    assert.equal((error as { code?: unknown }).code, 'DICOM_OUT_REFUSED');
  });

  it('ends without a blank where the peer said nothing', () => {
    const error = outError(text, failureOf({ ...FAILED, failure: 'refused', status: 0xa700 }));
    assert.equal(error.message, 'The peer refused the object: not today');
  });

  it('says of another object that it is another one', () => {
    const error = outError(text, failureOf({ ...FAILED, failure: 'notTheObject' }));
    assert.equal((error as { code?: unknown }).code, 'DICOM_OUT_NOT_THE_OBJECT');
    assert.match(error.message, /not the object that the message names/);
  });
});

describe('the status of dicom-out', () => {
  const facts = {
    isInvalid: false,
    hasUnusablePeer: false,
    outage: undefined,
    isSending: false,
    waiting: 0,
    deadLetters: 0,
  };

  it('tells objects that are being sent from those that wait for another try', () => {
    assert.equal(outStatus(text, { ...facts, isSending: true, waiting: 3 }).text, 'sending 3');
    assert.equal(outStatus(text, { ...facts, waiting: 3 }).text, '3 waiting');
    // To its peer goes only what others send.
    assert.equal(outStatus(text, { ...facts, isSending: true }).text, 'idle');
  });

  it('says since when the peer is down, when it is tried next, what waits for it, and what has failed', () => {
    const now = new Date();
    const time = now.toTimeString().slice(0, 8);
    const outage = {
      since: '2026-01-02T12:00:00.000Z',
      reason: 'x',
      nextTry: now.toISOString(),
      isConfiguration: false,
    };
    const shown = outStatus(text, { ...facts, outage, waiting: 12, deadLetters: 3 });
    assert.equal(shown.state, 'down');
    assert.match(
      shown.text ?? '',
      new RegExp(`^down since 2026-01-0[123] \\d\\d:\\d\\d:00, next try ${time}, 12 waiting, 3 dead$`),
    );
    assert.equal(outStatus(text, { ...facts, waiting: 2, deadLetters: 1 }).text, '2 waiting, 1 dead');
    // Nobody tries when nothing waits: the time would soon have passed.
    assert.match(outStatus(text, { ...facts, outage }).text ?? '', /^down since [-\d]+ \d\d:\d\d:00$/);
  });
});
