import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, bufferSource, DicomError, parseChanges, patchedSource } from '../../../src/dicom';
import { assertLinear } from '../../support/machine/linear';
import { EXPLICIT } from '../support/convert-elements';
import { element, item } from '../support/encode';
import { fuzzChanges, fuzzObjects } from './fuzz';

const MODALITY = element(0x00080060, 'CS', 'CT');
const of = { sopInstanceUID: 'any', size: 1 };
const operation = (path: string, value: unknown): object => ({ op: 'set', path, value });

describe('changes that come from anywhere', () => {
  it('are refused with a reason, or applied: never anything else', () => {
    const { failures, applied, refused } = fuzzChanges(500, 7);
    assert.deepEqual(failures, []);
    assert.ok(applied + (refused['cannot-change'] ?? 0) > 0 && (refused['changes-invalid'] ?? 0) > 300);
  });

  it('may have no more than operations, levels and bytes are allowed', () => {
    const refused = (operations: unknown, reason: RegExp): void =>
      assert.throws(
        () => parseChanges({ version: 1, of, operations }),
        (error) =>
          error instanceof DicomError && error.code === 'changes-invalid' && reason.test(error.message),
      );
    const many = Array.from({ length: 10_001 }, () => ({ op: 'remove', path: 'PatientID' }));
    parseChanges({ version: 1, of, operations: many.slice(1) });
    refused(many, /at most 10000 operations/);
    const deep = (levels: number): string => 'ContentSequence[0].'.repeat(levels) + 'PatientID';
    parseChanges({ version: 1, of, operations: [operation(deep(16), 'x')] });
    refused([operation(deep(17), 'x')], /at most 16 levels/);
    refused([operation(deep(9).replace('.PatientID', '.ContentSequence'), nested(9))], /at most 16 levels/);
    parseChanges({ version: 1, of, operations: [operation('PatientComments', 'x'.repeat(1_048_000))] });
    refused([operation('PatientComments', 'x'.repeat(1_048_576))], /more than 1048576 bytes/);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic, cyclic);
    refused([operation('ContentSequence', cyclic)], /at most 16 levels|bytes/);
  });

  it('say what is wrong, of which operation, and what would be right', () => {
    const reasons: [operation: unknown, reason: RegExp][] = [
      [operation('PatientIdentity', 'x'), /operations\[0\], PatientIdentity: not a keyword of PS3.6/],
      [operation('PatientID[0].Modality', 'x'), /is no sequence/],
      [operation('ContentSequence[0]', null), /ends with an attribute/],
      [operation('ContentSequence[01].PatientID', 'x'), /Sequence\[0\].Attribute/],
      [operation('00080000', 1), /group lengths are calculated/],
      [operation('00020010', '1.2'), /follows the data set/],
      [operation('0009"ME', 'x'), /0019"CREATOR"0C/],
      [operation('0008"ME"01', 'x'), /odd group/],
      [operation('FFFF"ME"01', 'x'), /odd groups from 0009 to FFFD/],
      [operation('FFFF0010', 'ME'), /odd groups from 0009 to FFFD/],
      [operation('0001"ME"01[0].PatientID', 'x'), /odd groups from 0009 to FFFD/],
      [operation('ContentSequence', [{ '00070010': 'ME' }]), /odd groups from 0009 to FFFD/],
      [operation('PatientID', { vr: 'SH', Value: ['x'] }), /PS3.6 has it as LO/],
      [operation('PatientID', { vr: 'LO', Length: 7 }), /a reference to bulk data is none/],
      [operation('PatientID', { Alphabetic: 'x' }), /a value of LO is a text/],
      [operation('PatientID', true), /a value of LO is a text/],
      [operation('PixelData', 'x'), /base64/],
      [operation('ContentSequence', 'x'), /an array of objects/],
      [operation('ContentSequence', [{ Nonsense: 1 }]), /ContentSequence\[0\].Nonsense: not a keyword/],
      [{ op: 'set', path: 'PatientID' }, /'set' has a value/],
      [{ op: 'remove', path: 'PatientID', value: 1 }, /'remove' has none/],
      [{ op: 'add', path: 'PatientID', value: 1 }, /'set' or 'remove'/],
      [{ op: 'remove', path: 'PatientID', where: 1 }, /check their spelling/],
    ];
    for (const [wrong, reason] of reasons)
      assert.throws(() => parseChanges({ version: 1, of, operations: [wrong] }), reason);
    // What an object has there, though it may not, can be taken away.
    parseChanges({ version: 1, of, operations: [{ op: 'remove', path: 'FFFF0010' }] });
    assert.throws(() => parseChanges({ version: 2, of, operations: [] }), /a later version/);
    assert.throws(() => parseChanges({ version: 1, operations: [] }), /of tells the object|an object with/);
  });

  it('take linear time, however many they are, whatever they name, and however many elements there are', () => {
    const apply = (dataSet: Buffer, operations: unknown[]): (() => void) => {
      const source = bufferSource(dataSet);
      return () => {
        const changes = parseChanges({ version: 1, of, operations });
        const { splices } = applyChanges(
          source,
          { transferSyntaxUID: EXPLICIT, sopInstanceUID: 'any' },
          changes,
        );
        const patched = patchedSource(source, splices);
        for (let at = 0; at < patched.size; at += 1_000) patched.read(at, Math.min(1_000, patched.size - at));
      };
    };
    const tagOf = (index: number): number => 0x44000000 + (index >> 8) * 0x20000 + 0x4000 + (index & 0xff);
    const hex = (tag: number): string => tag.toString(16).padStart(8, '0');
    const each = (count: number, make: (index: number) => Buffer): Buffer =>
      Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
    const value = { vr: 'LO', Value: ['NEW'] };
    const shapes: [what: string, prepare: (size: number) => () => void][] = [
      [
        'replaced',
        (size) =>
          apply(
            Buffer.concat([MODALITY, each(size, (index) => element(tagOf(index), 'LO', 'AB'))]),
            Array.from({ length: size }, (_, index) => operation(hex(tagOf(index)), value)),
          ),
      ],
      [
        'inserted',
        (size) =>
          apply(
            MODALITY,
            Array.from({ length: size }, (_, index) => operation(hex(tagOf(size - index)), value)),
          ),
      ],
      [
        'in items',
        (size) =>
          apply(
            element(
              0x0040a730,
              'SQ',
              each(size, () => item(element(0x00400009, 'SH', 'AB'))),
            ),
            Array.from({ length: size }, (_, index) => operation(`0040A730[${index}].00400009`, 'NEW')),
          ),
      ],
      [
        'new items',
        (size) =>
          apply(
            MODALITY,
            Array.from({ length: size }, (_, index) =>
              operation(`0040A730[${size - 1 - index}].00400009`, 'NEW'),
            ),
          ),
      ],
      [
        'private blocks',
        (size) =>
          apply(
            MODALITY,
            Array.from({ length: size }, (_, index) =>
              operation(
                `${hex(0x00090000 + (index % 40) * 0x20000).slice(0, 4)}"C${index % 200}"${hex(index % 251).slice(6)}`,
                value,
              ),
            ),
          ),
      ],
      [
        'the same one',
        (size) =>
          apply(
            each(size, () => element(0x00100020, 'LO', 'AB')),
            Array.from({ length: size }, (_, index) => operation('PatientID', `P${index}`)),
          ),
      ],
    ];
    for (const [what, prepare] of shapes) assertLinear(2_400, prepare, what);
  });
});

/** A sequence in a sequence, and so on. */
function nested(levels: number): unknown {
  return levels === 0 ? [] : [{ ContentSequence: nested(levels - 1) }];
}

describe('damaged objects', () => {
  it('are read as before once they are changed, and all else is as it was', () => {
    const { failures, applied } = fuzzObjects(500, 11);
    assert.deepEqual(failures, []);
    assert.ok(applied > 80);
  });
});
