import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { KeywordTags, MessageConversion } from '../../src/dicom';
import { corpus } from '../support/objects/corpus';
import { convertBytes } from './support/corpus-objects';

const read = (...path: string[]): Buffer => readFileSync(join(corpus, 'cases', ...path));

function converted(bytes: Buffer): { tags: KeywordTags; codes: string[] } & MessageConversion {
  const conversion = convertBytes(bytes, 'keyword');
  const tags = conversion.message.Tags as KeywordTags;
  return { ...conversion, tags, codes: conversion.warnings.map(({ code }) => code) };
}

/** What others' users reported, each with the smallest object that shows it: test/corpus/cases/README.md. */
describe('inputs that failed elsewhere', () => {
  it('LUT descriptors of VR SS: first and third value are unsigned', () => {
    const modality = converted(read('lut-descriptor', 'a-explicit-ss.dcm')).tags;
    assert.deepEqual(
      (modality['ModalityLUTSequence'] as { LUTDescriptor: number[] }[])[0]?.LUTDescriptor,
      [62720, -2048, 16],
    );
    const palette = converted(read('lut-descriptor', 'c-palette-ss.dcm')).tags;
    const first = ['Red', 'Green', 'Blue'].map(
      (colour) => (palette[`${colour}PaletteColorLookupTableDescriptor`] as number[])[0],
    );
    assert.deepEqual(first, [65535, 40000, 256]);
  });

  it('the second value of a VOI LUT descriptor after a rescale to HU is signed', () => {
    const { tags } = converted(read('voi-lut-second-value', 'a-ct-rescale.dcm'));
    const [lut] = tags['VOILUTSequence'] as { LUTDescriptor: number[] }[];
    assert.deepEqual(lut?.LUTDescriptor, [4096, -1024, 12]);
  });

  it('a sequence longer than its length is read, with a warning, and so is what follows', () => {
    for (const name of ['a-ge-0023-1080-length-16.dcm', 'c-length-2-too-short.dcm']) {
      const { tags, codes } = converted(read('sequence-longer-than-length', name));
      assert.ok(tags['PixelData'] !== undefined, name);
      assert.ok(codes.length > 0, name);
    }
  });

  it('an empty first item of a sequence that is sent as UN is legal', () => {
    for (const name of ['b-philips-first-item-empty.dcm', 'c-first-item-empty-length-looks-like-vr.dcm']) {
      const { tags, codes } = converted(read('un-sequence-empty-first-item', name));
      assert.ok(tags['PixelData'] !== undefined, name);
      assert.ok(!codes.includes('implicit-element'), `${name}: ${codes.join()}`);
    }
  });

  it('explicit VR within a private UN is read whatever the pixels are', () => {
    const head = read('encoding-guess', 'c-before-constant-pixels.dcm');
    const pixelBytes = head.readUInt32LE(head.length - 4);
    const answers = [0x19, 0x18, 0xff, 0].map((value) => {
      const pixels = Buffer.alloc(pixelBytes, Buffer.from([value, 0]));
      const { tags, codes } = converted(Buffer.concat([head, pixels]));
      return { tags, codes };
    });
    assert.deepEqual(answers[0]?.codes, []);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
  });

  it('a value of another VR than the dictionary has keeps the type of the message format', () => {
    const { tags, warnings } = converted(read('other-vr-than-dictionary', 'a.dcm'));
    assert.deepEqual(tags['PatientName'], { Alphabetic: 'Doe^Jane' });
    assert.equal(tags['InstanceNumber'], 5);
    assert.deepEqual(tags['ImageType'], ['ORIGINAL', 'PRIMARY']);
    for (const path of ['00100010', '00200013', '00080008'])
      assert.ok(
        warnings.some((warning) => warning.path === path),
        path,
      );
  });

  it('identifiers that are sent as numbers keep their zeros', () => {
    const { tags } = converted(read('other-vr-than-dictionary', 'b-identifiers-as-numbers.dcm'));
    assert.deepEqual([tags['PatientID'], tags['AccessionNumber']], ['0012345', '00098765']);
  });
});
