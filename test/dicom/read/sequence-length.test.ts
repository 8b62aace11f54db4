import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DicomError } from '../../../src/dicom';
import { EXPLICIT, IMPLICIT, keyword, warnings } from '../support/convert-elements';
import {
  element,
  type Encoding,
  item,
  itemEnd,
  marker,
  openItem,
  sequenceEnd,
  UNDEFINED,
} from '../support/encode';

const SEQUENCE = 0x00400275;
const INNER = 0x00404018;

/** An odd length is said, too. */
const said = (elements: Buffer[], uid: string): string[] =>
  warnings(elements, uid).filter((each) => !each.startsWith('odd-length'));

describe('a sequence that is longer than its length says', () => {
  for (const [name, uid, form] of [
    ['explicit VR', EXPLICIT, {}],
    ['implicit VR', IMPLICIT, { explicit: false }],
  ] as const) {
    const of = (
      tag: number,
      vr: string,
      value: Buffer | string,
      options: Encoding & { length?: number } = {},
    ): Buffer => element(tag, vr, value, { ...form, ...options });
    const step = of(0x00400009, 'SH', 'S1');
    const whole = item(step);
    const sequence = (content: Buffer, length: number): Buffer => of(SEQUENCE, 'SQ', content, { length });
    const pixels = of(0x7fe00010, 'OW', Buffer.alloc(300, 24));
    const around = (...elements: Buffer[]): Buffer[] => [
      of(0x00100020, 'LO', 'P1'),
      ...elements,
      of(0x00400280, 'ST', 'x '),
      pixels,
    ];
    const expected = (...items: object[]): object => ({
      PatientID: 'P1',
      RequestAttributesSequence: items,
      CommentsOnThePerformedProcedureStep: 'x',
      PixelData: { vr: 'OW', Length: 300 },
    });
    const S1 = { ScheduledProcedureStepID: 'S1' };

    describe(name, () => {
      it('is read to the end of its last item, as DCMTK reads it', () => {
        for (let length = 0; length < whole.length; length += 1) {
          const elements = around(sequence(whole, length));
          assert.deepEqual(keyword(elements, uid), expected(S1), `length ${length}`);
          assert.deepEqual(said(elements, uid), ['sequence-length 00400275[0]'], `length ${length}`);
        }
      });

      it('where a delimiter ends the item', () => {
        const open = Buffer.concat([openItem(step), itemEnd]);
        for (let length = 8; length < open.length; length += 1) {
          const elements = around(sequence(open, length));
          assert.deepEqual(keyword(elements, uid), expected(S1), `length ${length}`);
          assert.deepEqual(said(elements, uid), ['sequence-length 00400275[0]'], `length ${length}`);
        }
      });

      it('and goes on with further items', () => {
        const elements = around(
          sequence(Buffer.concat([whole, whole, openItem(step), itemEnd]), whole.length),
        );
        assert.deepEqual(keyword(elements, uid), expected(S1, S1, S1));
      });

      it('with everything around it that was counted by its length', () => {
        const short = of(INNER, 'SQ', whole, { length: whole.length - 6 });
        const nested = sequence(marker(0xe000, short.length - 6, short), short.length + 2);
        assert.deepEqual(keyword(around(nested), uid), expected({ ScheduledWorkitemCodeSequence: [S1] }));
        const counted = sequence(item(short), item(short).length);
        assert.deepEqual(keyword(around(counted), uid), expected({ ScheduledWorkitemCodeSequence: [S1] }));
        const open = sequence(Buffer.concat([openItem(short), itemEnd, sequenceEnd]), UNDEFINED);
        assert.deepEqual(keyword(around(open), uid), expected({ ScheduledWorkitemCodeSequence: [S1] }));
      });

      it('within another of its kind', () => {
        const inner = of(INNER, 'SQ', whole, { length: 4 });
        assert.deepEqual(
          keyword(around(sequence(item(inner), 4)), uid),
          expected({ ScheduledWorkitemCodeSequence: [S1] }),
        );
      });

      it('is not longer where an item without delimiter ends with it: what stands there would be met again for ever', () => {
        const inner = of(INNER, 'SQ', openItem(step), { length: openItem(step).length });
        const elements = around(sequence(Buffer.concat([item(inner), whole]), UNDEFINED), sequenceEnd);
        const before = process.cpuUsage();
        assert.deepEqual(keyword(elements, uid), expected({ ScheduledWorkitemCodeSequence: [S1] }, S1));
        const { user } = process.cpuUsage(before);
        assert.ok(user < 500_000, `${user} µs`);
      });

      it('at the end of the data set', () => {
        const elements = [of(0x00100020, 'LO', 'P1'), sequence(whole, 4)];
        assert.deepEqual(keyword(elements, uid), { PatientID: 'P1', RequestAttributesSequence: [S1] });
      });

      it('is refused where the item cannot be read, or nothing shows where it ends', () => {
        const broken = marker(0xe000, step.length + 30, Buffer.concat([step, Buffer.alloc(30, 'x')]));
        const cutOff = marker(0xe000, 10_000, step);
        const overLeaf = marker(0xe000, step.length - 1, step);
        for (const content of [broken, cutOff, overLeaf]) {
          assert.throws(() => keyword(around(sequence(content, 20)), uid), DicomError);
        }
        const noise = [
          of(0x00100020, 'LO', 'P1'),
          sequence(whole, 4),
          Buffer.from([3, 0, 7, 0, 1, 2, 3, 4, 5, 6]),
        ];
        assert.throws(() => keyword(noise, uid), DicomError);
      });

      it('is not what a missing delimiter is: siblings stay siblings', () => {
        const inner = of(INNER, 'SQ', whole);
        const outer = sequence(
          Buffer.concat([openItem(inner), openItem(inner), itemEnd, sequenceEnd]),
          UNDEFINED,
        );
        const each = { ScheduledWorkitemCodeSequence: [S1] };
        assert.deepEqual(keyword(around(outer), uid), expected(each, each));
        assert.deepEqual(warnings(around(outer), uid), ['missing-delimiter 00400275[0]']);
        const defined = sequence(Buffer.concat([item(inner), item(inner)]), 2 * item(inner).length);
        assert.deepEqual(keyword(around(defined), uid), expected(each, each));
        assert.deepEqual(warnings(around(defined), uid), []);
      });
    });
  }
});
