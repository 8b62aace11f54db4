import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { image, text } from '../deidentify/support';
import { element, item } from '../support/encode';
import { changed } from './support';

const EXPLICIT = '1.2.840.10008.1.2.1';

/** Each text is in an item of its own, which tells its length. */
function withTexts(count: number): Buffer {
  const one = item(text(0x00080104, 'LO', Buffer.from('Stra\xdfe', 'latin1')));
  const items = Buffer.alloc(count * one.length);
  for (let at = 0; at < items.length; at += one.length) one.copy(items, at);
  return image(text(0x00080005, 'CS', 'ISO_IR 100'), element(0x00082112, 'SQ', items));
}

describe('a new value that needs UTF-8', () => {
  it('is not for an object with so many texts that what they become would fill the memory', () => {
    const name = { op: 'set', path: 'PatientName', value: '漢' } as const;
    assert.ok(changed(withTexts(1_000), EXPLICIT, [name]).includes('Straße'));
    assert.throws(() => changed(withTexts(200_001), EXPLICIT, [name]), {
      code: 'cannot-change',
      message: /more than 400000 places/,
    });
  });
});
