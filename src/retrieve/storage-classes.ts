/** SOP classes stand behind this root (PS3.4 B.5). */
const ROOT = '1.2.840.10008.5.1.4.1.1.';

/** By modality (PS3.3 C.7.3.1.1.1), what it makes, the usual first. */
const OF_MODALITY: Readonly<Record<string, readonly string[]>> = {
  CT: ['2', '2.1', '2.2'],
  MR: ['4', '4.1', '4.2', '4.3', '4.4'],
  PT: ['128', '130', '128.1'],
  NM: ['20'],
  CR: ['1'],
  DX: ['1.1', '1.1.1'],
  MG: ['1.2', '1.2.1', '13.1.3', '13.1.4', '13.1.5'],
  IO: ['1.3', '1.3.1'],
  PX: ['1.1', '1.1.1'],
  US: ['6.1', '3.1', '6.2'],
  IVUS: ['6.1', '3.1'],
  XA: ['12.1', '12.1.1', '13.1.1'],
  RF: ['12.2', '12.2.1'],
  OT: ['7', '7.1', '7.2', '7.3', '7.4'],
  SC: ['7', '7.1', '7.2', '7.3', '7.4'],
  XC: ['77.1.4', '77.1.4.1'],
  ES: ['77.1.1', '77.1.1.1'],
  GM: ['77.1.2', '77.1.2.1'],
  SM: ['77.1.6', '77.1.3', '91.1'],
  OP: ['77.1.5.1', '77.1.5.2', '77.1.5.5', '77.1.5.6'],
  OPT: ['77.1.5.4', '77.1.5.8'],
  IVOCT: ['14.1', '14.2'],
  DMS: ['77.1.7'],
  ECG: ['9.1.1', '9.1.2', '9.1.3', '9.1.4'],
  HD: ['9.2.1'],
  EPS: ['9.3.1'],
  AU: ['9.4.1', '9.4.2'],
  EEG: ['9.7.1'],
  SR: [
    '88.11',
    '88.22',
    '88.33',
    '88.34',
    '88.67',
    '88.50',
    '88.65',
    '88.68',
    '88.69',
    '88.71',
    '88.72',
    '88.40',
  ],
  KO: ['88.59'],
  PR: ['11.1', '11.2', '11.3', '11.4', '11.8'],
  DOC: ['104.1', '104.2'],
  M3D: ['104.3', '104.4', '104.5'],
  SEG: ['66.4', '66.5', '66.7'],
  REG: ['66.1', '66.3'],
  FID: ['66.2'],
  RWV: ['67'],
  RTIMAGE: ['481.1', '481.23'],
  RTDOSE: ['481.2'],
  RTSTRUCT: ['481.3'],
  RTPLAN: ['481.5', '481.8'],
  RTRECORD: ['481.4', '481.6', '481.7', '481.9'],
};

/** What may be beside the images of any study. */
const COMPANIONS = ['7', '88.67', '11.1', '88.59', '88.11', '88.22', '88.33', '104.1', '7.4'];

/** The SOP classes that a study of these modalities may have. Empty: nothing is known of one of them. */
export function classesOfModalities(modalities: readonly string[]): string[] {
  const lists = modalities.map((modality) => OF_MODALITY[modality.trim().toUpperCase()]);
  if (lists.length === 0 || lists.includes(undefined)) return [];
  return distinct([...lists.flatMap((list = []) => list), ...COMPANIONS]);
}

/** The usual ones, where nothing is known. */
export function usualClasses(): string[] {
  return distinct([...Object.values(OF_MODALITY).flat(), ...COMPANIONS]);
}

function distinct(suffixes: readonly string[]): string[] {
  return [...new Set(suffixes)].map((suffix) => ROOT + suffix);
}
