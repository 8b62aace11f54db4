import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seriesOf, shownOf } from '../../../nodes/dicom-image/runtime/study-series';
import { targetsOf } from '../../../nodes/dicom-retrieve/runtime/message-targets';
import { controlIn } from '../../../nodes/dicom-study/runtime/study-control';
import { instancesOf, ListInvalid } from '../../../nodes/runtime/objects/instance-list';

/** A list with a gap, which most ways of going through a list leave out. */
function withGap(...members: unknown[]): unknown[] {
  const list = new Array<unknown>(members.length + 1);
  members.forEach((member, at) => (list[at + 1] = member));
  return list;
}
/** To look at each of its members would take minutes. */
const ENDLESS = new Array<unknown>(2 ** 32 - 1);
const INSTANCE = { SOPInstanceUID: '1.2.3', filename: '/objects/1.dcm' };
const STUDY = { StudyInstanceUID: '1.2' };
const GAPS = [null, undefined] as const;

describe('lists of messages may have gaps, and nothing for members', () => {
  it('of dicom-out and dicom-deidentify: the error names the member', () => {
    const invalid = (payload: object, text: RegExp): void =>
      assert.throws(
        () => instancesOf({ _msgid: '', payload }),
        (error) => error instanceof ListInvalid && text.test(error.message),
      );
    const series = { instances: [INSTANCE] };
    invalid({ series: withGap(series) }, /^series\[0\] has no list/);
    invalid({ series: [{ instances: withGap(INSTANCE) }] }, /^series\[0\]\.instances\[0\] is not an object/);
    for (const nothing of GAPS) {
      invalid({ series: [series, nothing] }, /^series\[1\] has no list/);
      invalid({ series: [{ instances: [INSTANCE, nothing] }] }, /^series\[0\]\.instances\[1\] is not/);
    }
    const endless: unknown[] = [series];
    endless.length = ENDLESS.length;
    invalid({ series: endless }, /has more than 20000 series/);
    invalid({ series: [{ instances: ENDLESS }] }, /has more than 20000 instances/);
    assert.equal(instancesOf({ _msgid: '', payload: { series: ENDLESS } }), undefined);
  });

  it('of dicom-image: such a series has no object', () => {
    const lists = [withGap(), [null], [undefined], [{ instances: null }], [{ instances: withGap() }]];
    for (const series of lists) {
      const [first = assert.fail(), ...more] = seriesOf({ _msgid: '', payload: { series } }) ?? [];
      assert.deepEqual([first.facts, more], [{}, []]);
      assert.equal(shownOf(first, 'middle')?.instance['SOPInstanceUID'], undefined);
    }
    assert.equal(seriesOf({ _msgid: '', payload: { series: ENDLESS } })?.length, 200);
    const [{ instances } = assert.fail()] =
      seriesOf({ _msgid: '', payload: { series: [{ instances: ENDLESS }] } }) ?? [];
    assert.equal(instances.length, 100_000);
  });

  it('of dicom-retrieve: that is not all of the study', () => {
    const message = (retrieve: unknown) => ({ _msgid: '', retrieve });
    for (const uids of [withGap('1.2.3'), [null], [undefined, '1.2.3'], [''], ENDLESS])
      assert.throws(() => targetsOf(message({ ...STUDY, SeriesInstanceUID: uids })), {
        failure: 'uidsInvalid',
      });
    for (const matches of [withGap(STUDY), [null], [STUDY, undefined], ENDLESS])
      assert.throws(() => targetsOf(message(matches)), { failure: 'uidsInvalid' });
    assert.deepEqual(targetsOf(message({ ...STUDY, SeriesInstanceUID: [] })), []);
    assert.equal(targetsOf(message({ ...STUDY, Modality: [null, 'CT'] })).length, 1);
  });

  it('of dicom-study: they name no objects', () => {
    for (const instances of [withGap('1.2.3'), withGap(), [null], ['1.2.3', undefined], ENDLESS])
      assert.throws(() => controlIn({ ...STUDY, instances }), { failure: 'badControl' });
    assert.deepEqual(controlIn({ ...STUDY, instances: ['1.2.3'] })?.instances, ['1.2.3']);
  });
});
