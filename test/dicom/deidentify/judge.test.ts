import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeptBack, type KeptBackReason, type ProfileOptions } from '../../../src/dicom';
import { element, item, us } from '../support/encode';
import { deidentified, fileOf, image, profile, tagsOf, text } from './support';

const ROOT = '1.2.840.10008.5.1.4.1.1.';
const NO = text(0x00280301, 'CS', 'NO');

const sopClass = (suffix: string): Buffer => text(0x00080016, 'UI', ROOT + suffix);

/** Undefined: it is passed. */
function verdict(elements: Buffer[], options: Partial<ProfileOptions> = {}): KeptBackReason | undefined {
  try {
    deidentified(fileOf(image(...elements)), profile(options));
    return undefined;
  } catch (error) {
    if (error instanceof KeptBack) return error.reason;
    throw error;
  }
}

describe('an object is kept back', () => {
  it('unless its SOP class is one that neither shows nor says whose it is', () => {
    const passed = [
      '2',
      '2.1',
      '2.2',
      '4',
      '4.1',
      '128',
      '130',
      '20',
      '1',
      '1.1',
      '1.2.1',
      '66.4',
      '481.2',
      '481.3',
      '481.5',
      '88.59',
    ];
    const kept = [
      '7',
      '7.4',
      '6.1',
      '3.1',
      '77.1.1',
      '77.1.6',
      '104.1',
      '104.2',
      '9.1.1',
      '11.1',
      '12.1',
      '66',
      '999',
    ];
    for (const each of passed) assert.equal(verdict([sopClass(each)]), undefined, each);
    for (const each of kept) assert.equal(verdict([sopClass(each)]), 'sop-class', each);
    assert.equal(verdict([text(0x00080016, 'UI', '1.2.3')]), 'sop-class');
  });

  it('where it says two SOP classes: what it is is not clear', () => {
    assert.equal(verdict([text(0x00080016, 'UI', `${ROOT}2\\${ROOT}7`)]), 'sop-class');
  });

  it('unless a class that is named to be passed says that nothing is burned in', () => {
    const alsoPass = [`${ROOT}7`, '1.2.3'];
    assert.equal(verdict([sopClass('7')], { alsoPass }), 'sop-class');
    assert.equal(verdict([sopClass('7'), NO], { alsoPass }), undefined);
    assert.equal(verdict([sopClass('7'), NO]), 'sop-class');
    assert.equal(verdict([sopClass('7'), NO, text(0x00080064, 'CS', 'WSD')], { alsoPass }), undefined);
    assert.equal(verdict([text(0x00080016, 'UI', '1.2.3'), NO], { alsoPass }), undefined);
  });

  it('whose pixels are said to have burned in text, or not clearly not to', () => {
    for (const value of ['YES', 'yes', 'Y', 'UNKNOWN', 'NO\\YES'])
      assert.equal(verdict([text(0x00280301, 'CS', value)]), 'burned-in', value);
    assert.equal(verdict([text(0x00280301, 'CS', 'YES')], { alsoPass: [`${ROOT}2`] }), 'burned-in');
    assert.equal(verdict([NO]), undefined);
    const frame = element(0x52009230, 'SQ', item(text(0x00280301, 'CS', 'YES')));
    assert.equal(verdict([frame]), 'burned-in');
    for (const vr of ['LO', 'UT', 'OB', 'UN']) {
      const misnamed = text(0x00280301, vr, 'YES');
      assert.equal(verdict([element(0x52009230, 'SQ', item(misnamed))]), 'burned-in', vr);
    }
  });

  it('whose image, or a frame of it, may be a picture of a screen', () => {
    const type = (value: string): Buffer => text(0x00080008, 'CS', value);
    for (const value of [
      'DERIVED\\SECONDARY',
      'DERIVED\\SECONDARY\\MPR',
      'ORIGINAL\\PRIMARY\\SCREEN SAVE',
      'derived\\secondary',
    ])
      assert.equal(verdict([type(value)]), 'secondary-image', value);
    assert.equal(verdict([type('DERIVED\\PRIMARY')]), undefined);
    const frame = element(
      0x52009230,
      'SQ',
      item(element(0x00189329, 'SQ', item(text(0x00089007, 'CS', 'DERIVED\\SECONDARY')))),
    );
    assert.equal(verdict([frame]), 'secondary-image');
    assert.equal(verdict([text(0x00080064, 'CS', 'SD')]), 'converted-image');
    assert.equal(verdict([sopClass('481.1'), text(0x00080064, 'CS', 'DI')]), undefined);
    assert.equal(verdict([sopClass('481.1'), text(0x00080064, 'CS', 'DF')]), 'converted-image');
  });

  it('whose kind of image is in a value that is too long to be looked at', () => {
    const rest = ' '.repeat(1_048_576);
    assert.equal(verdict([text(0x00080008, 'UT', `DERIVED\\SECONDARY${rest}`)]), 'too-long');
    assert.equal(verdict([text(0x00080064, 'UT', `WSD${rest}`)]), 'too-long');
  });

  it('not for bytes of unknown contents, which are gone', () => {
    for (const tag of [0x00282000, 0x00700256]) {
      const { bytes } = deidentified(fileOf(image(element(tag, 'OB', 'SMITH^JOHN'))), profile());
      assert.ok(!bytes.includes('SMITH'));
    }
  });

  it('with an overlay in unused bits of its pixels', () => {
    const plane = [
      element(0x60000010, 'US', us(2)),
      element(0x60000100, 'US', us(16)),
      element(0x60000102, 'US', us(15)),
    ];
    assert.equal(verdict(plane), 'embedded-overlay');
    // Data of its own does not say that there is none in the pixels.
    assert.equal(verdict([...plane, element(0x60003000, 'OW', us(1))]), 'embedded-overlay');
    const own = [element(0x60000102, 'US', us(0)), element(0x60003000, 'OW', us(1))];
    assert.equal(verdict([...plane, ...own]), undefined);
    assert.equal(verdict([...plane, element(0x60003000, 'OW', Buffer.alloc(0))]), 'embedded-overlay');
    assert.equal(verdict([element(0x60020102, 'US', us(12))]), 'embedded-overlay');
  });

  it('whose pixels nobody can look into, or count', () => {
    assert.equal(verdict([element(0x00280010, 'US', us(3))]), 'pixel-data');
    assert.equal(verdict([element(0x00280100, 'US', Buffer.alloc(0))]), 'pixel-data');
  });
});

describe('a report', () => {
  const REPORT = sopClass('88.11');
  const code = (meaning: string, scheme = 'DCM'): Buffer =>
    element(
      0x0040a043,
      'SQ',
      item(text(0x00080100, 'SH', '121070'), text(0x00080102, 'SH', scheme), text(0x00080104, 'LO', meaning)),
    );
  const content = (value: string, scheme?: string): Buffer =>
    element(
      0x0040a730,
      'SQ',
      item(text(0x0040a040, 'CS', 'TEXT'), code('Findings', scheme), text(0x0040a160, 'UT', value)),
    );
  const options = ['clean-structured-content'] as const;

  it('is kept back without clean structured content', () => {
    assert.equal(
      verdict([REPORT, content('lung clear')], { allowedWords: ['lung', 'clear'] }),
      'structured-report',
    );
  });

  it('is kept back with it, too, where a text has a word that is not allowed', () => {
    const by = (allowedWords: string[]): KeptBackReason | undefined =>
      verdict([REPORT, content('lung clear')], { options: [...options], allowedWords });
    assert.equal(by([]), 'report-text');
    assert.equal(by(['lung']), 'report-text');
    assert.equal(by(['lung', 'clear']), undefined);
    const both = { options: [...options, 'clean-descriptors' as const], allowedWords: ['lung'] };
    assert.equal(verdict([REPORT, content('lung clear')], both), 'report-text');
  });

  it('keeps codes that are published, and no others, in its content', () => {
    const by = profile({ options: [...options], allowedWords: ['lung'] });
    const file = (scheme: string): string =>
      JSON.stringify(tagsOf(deidentified(fileOf(image(REPORT, content('lung', scheme))), by).bytes));
    assert.match(file('DCM'), /Findings/);
    assert.doesNotMatch(file('99SMITH'), /Findings|SMITH/);
    assert.doesNotMatch(file('DCM\\SMITH'), /Findings|SMITH/);
    const urn = item(text(0x00080120, 'UR', 'urn:uuid:SMITH'));
    const coded = element(0x0040a730, 'SQ', item(element(0x0040a168, 'SQ', urn)));
    const { bytes } = deidentified(fileOf(image(REPORT, coded)), by);
    assert.ok(!bytes.includes('SMITH'));
  });

  it('that selects key objects says no text, and selects the same objects', () => {
    const selection = element(
      0x0040a730,
      'SQ',
      Buffer.concat([
        item(text(0x0040a040, 'CS', 'TEXT'), text(0x0040a160, 'UT', 'for Dr SMITH')),
        item(element(0x00081199, 'SQ', item(text(0x00081155, 'UI', '1.2.3.4.5')))),
      ]),
    );
    const { bytes, sopInstanceUID } = deidentified(fileOf(image(sopClass('88.59'), selection)));
    const tags = JSON.stringify(tagsOf(bytes));
    assert.doesNotMatch(tags, /SMITH/);
    assert.equal(tags.split(sopInstanceUID).length, 3);
  });
});
