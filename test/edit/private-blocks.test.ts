import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChangeOperation } from '../../src/dicom';
import { changed } from '../dicom/change/support';
import { EXPLICIT, fileOf, image, tagsOf, text } from '../dicom/deidentify/support';
import { element, item } from '../dicom/support/encode';
import { results, type TestRule } from './support';

/** One creator has two blocks, and the same attribute in both (PS3.5 7.8.1). */
const PRIVATE = [
  text(0x00190010, 'LO', 'ACME'),
  text(0x00190011, 'LO', 'ACME'),
  text(0x0019100c, 'LO', 'A'),
  text(0x0019110c, 'LO', 'B'),
  text(0x0019110d, 'LO', 'C'),
];
const OBJECT = image(...PRIVATE, element(0x00289110, 'SQ', item(...PRIVATE)));

interface Attribute {
  Value?: unknown[];
}

/** Private attributes after a rule, of the object or of an item of a sequence. */
function after(rule: TestRule, sequence?: string): Record<string, unknown> {
  const { operations } = results([rule], fileOf(OBJECT)).object;
  const plain = JSON.parse(JSON.stringify(operations)) as ChangeOperation[];
  const tags = tagsOf(fileOf(changed(OBJECT, EXPLICIT, plain))) as Record<string, Attribute>;
  const within = sequence === undefined ? tags : (tags[sequence]?.Value?.[0] as Record<string, Attribute>);
  const found = Object.entries(within).filter(
    ([tag]) => /^0019..(?!1[01])/.test(tag) && !/^001900/.test(tag),
  );
  return Object.fromEntries(found.map(([tag, { Value }]) => [tag, Value?.[0]]));
}

const BEFORE = { '0019100C': 'A', '0019110C': 'B', '0019110D': 'C' };

describe('of a creator with several blocks, a rule', () => {
  it('changes the attribute that its tag names, and no other', () => {
    assert.deepEqual(after({ op: 'set', path: '0019110C', value: 'N' }), { ...BEFORE, '0019110C': 'N' });
    assert.deepEqual(after({ op: 'set', path: '0019100C', value: 'N' }), { ...BEFORE, '0019100C': 'N' });
    assert.deepEqual(after({ op: 'replace', path: '0019110C', from: 'B', value: 'N' }), {
      ...BEFORE,
      '0019110C': 'N',
    });
    assert.deepEqual(after({ op: 'remove', path: '0019110C' }), { '0019100C': 'A', '0019110D': 'C' });
    const other = { vr: 'LO', Value: ['N'] };
    assert.deepEqual(after({ op: 'set', path: '0019110E', value: other }), { ...BEFORE, '0019110E': 'N' });
  });

  it('changes the first one that the creator has, and removes all of them', () => {
    assert.deepEqual(after({ op: 'set', path: '0019"ACME"0C', value: 'N' }), { ...BEFORE, '0019100C': 'N' });
    assert.deepEqual(after({ op: 'set', path: '0019"ACME"0D', value: 'N' }), { ...BEFORE, '0019110D': 'N' });
    assert.deepEqual(after({ op: 'remove', path: '0019"ACME"0C' }), { '0019110D': 'C' });
    assert.deepEqual(after({ op: 'remove-private', privateCreator: 'ACME' }), {});
  });

  it('copies the value of the one that it names, and items with all of them', () => {
    const { operations } = results(
      [{ op: 'copy', path: 'PatientID', value: '0019110C' }],
      fileOf(OBJECT),
    ).object;
    assert.deepEqual(operations, [{ op: 'set', path: 'PatientID', value: 'B' }]);
    const copied = after({ op: 'copy', path: 'PlanePositionSequence', value: '00289110' }, '00209113');
    // What is the creator's in one block only may be in any of them.
    assert.deepEqual(copied, { '0019100C': 'A', '0019100D': 'C', '0019110C': 'B' });
  });
});

describe('of a creator that no path can have, a rule', () => {
  for (const creator of [Buffer.from('Ger\xe4t', 'latin1'), Buffer.from('A\\B'), Buffer.alloc(70, 'X')])
    it(`changes and removes attributes by their tags: ${creator.toString('latin1')}`, () => {
      const elements = [text(0x00190010, 'LO', creator), text(0x0019100c, 'LO', 'A')];
      const object = image(text(0x00080005, 'CS', 'ISO_IR 100'), ...elements);
      const by = (rule: TestRule): Record<string, Attribute> => {
        const { operations } = results([rule], fileOf(object)).object;
        return tagsOf(fileOf(changed(object, EXPLICIT, operations))) as Record<string, Attribute>;
      };
      assert.deepEqual(by({ op: 'set', path: '0019100C', value: 'N' })['0019100C']?.Value, ['N']);
      const left = by({ op: 'remove-private' });
      assert.deepEqual([left['00190010'], left['0019100C']], [undefined, undefined]);
    });
});

describe('changes of a flow that name an attribute by its creator', () => {
  const changedBy = (operation: ChangeOperation): Record<string, unknown> => {
    const tags = tagsOf(fileOf(changed(OBJECT, EXPLICIT, [operation]))) as Record<string, Attribute>;
    return Object.fromEntries(Object.keys(BEFORE).map((tag) => [tag, tags[tag]?.Value?.[0]]));
  };

  it('set the first one, and leave those in its other blocks', () => {
    const value = { vr: 'LO', Value: ['N'] };
    assert.deepEqual(changedBy({ op: 'set', path: '0019"ACME"0C', value }), { ...BEFORE, '0019100C': 'N' });
    assert.deepEqual(changedBy({ op: 'remove', path: '0019"ACME"0C' }), {
      '0019100C': undefined,
      '0019110C': undefined,
      '0019110D': 'C',
    });
  });
});
