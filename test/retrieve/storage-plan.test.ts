import assert from 'node:assert/strict';
import { it } from 'node:test';
import { classesOfModalities, usualClasses } from '../../src/retrieve/storage-classes';
import { planOneByOne, planStorage } from '../../src/retrieve/storage-plan';
import { isStorageSopClass } from '../../src/dicom';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70';
const IMPLICIT = '1.2.840.10008.1.2';
const classes = (count: number): string[] => Array.from({ length: count }, (_, at) => `1.2.3.${at}`);

it('one SOP class has each transfer syntax in a context of its own', () => {
  const [plan, ...others] = planStorage([CT], []);
  assert.equal(others.length, 0);
  const lists = plan?.contexts.map(({ transferSyntaxes }) => transferSyntaxes.length) ?? [];
  assert.deepEqual(new Set(lists), new Set([1]));
  assert.ok(lists.length > 30);
  assert.deepEqual(plan?.roles, [{ sopClass: CT, scu: false, scp: true }]);
});

it('no association has more than 128 contexts with those of the requests, or one twice', () => {
  for (const count of [1, 2, 3, 4, 5, 15, 16, 17, 60, 200])
    for (const accepted of [[], [IMPLICIT], [IMPLICIT, JPEG_LOSSLESS]]) {
      const plans = planStorage(classes(count), accepted);
      const proposed = plans.flatMap(({ sopClasses }) => [...sopClasses]);
      assert.deepEqual(proposed, classes(count));
      for (const { contexts } of plans) {
        assert.ok(contexts.length <= 126, String(contexts.length));
        const ids = contexts.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(ids.every((id) => id % 2 === 1 && id > 3 && id <= 255));
        for (const { transferSyntaxes } of contexts) assert.ok(transferSyntaxes.length > 0);
      }
    }
});

it('each of many SOP classes has the usual transfer syntaxes alone, and all others together', () => {
  const [plan] = planStorage(classes(40), []);
  const ofFirst = plan?.contexts.filter(({ abstractSyntax }) => abstractSyntax === '1.2.3.0') ?? [];
  assert.equal(ofFirst.length, 8);
  assert.ok(
    ofFirst.some(({ transferSyntaxes: [only, ...more] }) => only === JPEG_LOSSLESS && more.length === 0),
  );
  assert.ok((ofFirst.at(-1)?.transferSyntaxes.length ?? 0) > 20);
});

it('only transfer syntaxes that are taken are proposed', () => {
  const [plan] = planStorage([CT], [IMPLICIT]);
  assert.deepEqual(plan?.contexts, [{ id: 5, abstractSyntax: CT, transferSyntaxes: [IMPLICIT] }]);
  assert.deepEqual(
    planOneByOne([CT], [IMPLICIT, JPEG_LOSSLESS]).map(({ contexts }) => contexts[0]?.transferSyntaxes),
    [[JPEG_LOSSLESS]],
  );
});

it('modalities have SOP classes of storage, with what may be beside their images', () => {
  const found = classesOfModalities(['CT', 'ct ', 'SR']);
  assert.ok(found.includes(CT));
  assert.equal(new Set(found).size, found.length);
  assert.deepEqual(classesOfModalities(['CT', 'NOTHING_KNOWN']), []);
  assert.deepEqual(classesOfModalities([]), []);
  assert.deepEqual(
    usualClasses().filter((uid) => !isStorageSopClass(uid)),
    [],
  );
});
