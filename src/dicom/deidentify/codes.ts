import { type DataSet, valuesOf } from '../data-set';

const CODING_SCHEME_DESIGNATOR = 0x00080102;
/** Code Value to Code Meaning, Long Code Value, URN Code Value. */
const CODE: ReadonlySet<number> = new Set([
  0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120,
]);

/** Coding schemes that somebody publishes (PS3.16 Table 8-1): their codes have a meaning that is the same for everybody. */
const PUBLISHED: ReadonlySet<string> = new Set([
  ...[
    'DCM',
    'SRT',
    'SCT',
    'SNM3',
    'SNM',
    '99SDM',
    'LN',
    'UCUM',
    'RADLEX',
    'FMA',
    'UMLS',
    'UBERON',
    'NCIt',
    'NCDR',
  ],
  ...[
    'BI',
    'BARI',
    'ACR',
    'I9',
    'I9C',
    'I10',
    'I10P',
    'C4',
    'C5',
    'HPC',
    'ISO3166_1',
    'ISO639_1',
    'ISO639_2',
    'RFC5646',
  ],
  ...[
    'ATC',
    'RXNORM',
    'NDC',
    'MDC',
    'CD8',
    'ITIS_TSN',
    'PUBCHEM_CID',
    'IBSI',
    'NEU',
    'MA',
    'HL7',
    'DOID',
    'GEO',
    'IHE',
  ],
]);

/** Is it part of a code? */
export const isPartOfCode = (tag: number): boolean => CODE.has(tag);

/** Is a code of a published scheme? @param item that is the code */
export function isPublishedCode(item: DataSet): boolean {
  // Behind the first of several, one may say anything.
  const [scheme, ...others] = valuesOf(item, CODING_SCHEME_DESIGNATOR);
  return typeof scheme === 'string' && others.length === 0 && PUBLISHED.has(scheme.trim());
}
