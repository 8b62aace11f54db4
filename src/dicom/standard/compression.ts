/** What a transfer syntax does to pixels. `other`: they are not in the object, or are video, or we do not know it. */
export type Compression = 'none' | 'lossless' | 'lossy' | 'other';

const ROOT = '1.2.840.10008.1.2';
/** Suffixes of the root (PS3.6 Annex A). */
const NONE = ['', '.1', '.1.99', '.2'];
const LOSSLESS = [
  '.4.57',
  '.4.58',
  '.4.65',
  '.4.66',
  '.4.70',
  '.4.80',
  '.4.90',
  '.4.92',
  '.4.110',
  '.4.201',
  '.4.202',
  '.5',
];
/** Those that may be lossy, too: nothing in the syntax says that an object in it is not. */
const LOSSY = [
  '.4.50',
  '.4.51',
  '.4.52',
  '.4.53',
  '.4.54',
  '.4.55',
  '.4.56',
  '.4.59',
  '.4.60',
  '.4.61',
  '.4.62',
  '.4.63',
  '.4.64',
  '.4.81',
  '.4.91',
  '.4.93',
  '.4.111',
  '.4.112',
  '.4.203',
];

const KNOWN: ReadonlyMap<string, Compression> = new Map([
  ...NONE.map((suffix) => [ROOT + suffix, 'none'] as const),
  ...LOSSLESS.map((suffix) => [ROOT + suffix, 'lossless'] as const),
  ...LOSSY.map((suffix) => [ROOT + suffix, 'lossy'] as const),
]);

/** @param transferSyntaxUID without padding */
export function compressionOf(transferSyntaxUID: string): Compression {
  return KNOWN.get(transferSyntaxUID) ?? 'other';
}
