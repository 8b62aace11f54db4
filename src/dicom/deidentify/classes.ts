const ROOT = '1.2.840.10008.5.1.4.1.1.';

const under = (...ends: string[]): ReadonlySet<string> => new Set(ends.map((end) => ROOT + end));

const RT_IMAGE = '481.1';

/** What a modality makes of a patient, or what is derived from that and has no picture of a screen. */
const MODALITIES = under(
  // CT and MR, enhanced, legacy converted, colour
  ...['2', '2.1', '2.2', '4', '4.1', '4.3', '4.4'],
  // PET and NM
  ...['128', '128.1', '130', '20'],
  // CR, DX and MG, for presentation and processing, tomosynthesis
  ...['1', '1.1', '1.1.1', '1.2', '1.2.1', '13.1.3', '13.1.4', '13.1.5'],
  // Segmentation
  ...['66.4', '66.7'],
  // RT: image, dose, structure set, records, plans
  ...[RT_IMAGE, '481.2', '481.3', '481.4', '481.5', '481.6', '481.7', '481.8', '481.9'],
  // Key object selection
  '88.59',
);

const REPORTS = under(
  ...['88.11', '88.22', '88.33', '88.34', '88.35', '88.40', '88.50', '88.65', '88.67', '88.68', '88.69'],
  ...['88.70', '88.71', '88.72', '88.73', '88.74', '88.75', '88.76'],
);

/** Is it a class that is passed without being named? */
export const isModality = (sopClassUID: string): boolean => MODALITIES.has(sopClassUID);

/** A structured report, which is passed under *clean structured content* only. */
export const isReport = (sopClassUID: string): boolean => REPORTS.has(sopClassUID);

/** ECGs, audio and the like, which are passed if they are named. */
export const isWaveform = (sopClassUID: string): boolean => sopClassUID.startsWith(`${ROOT}9.`);

/** Images of an RT treatment come over a digital interface, which Conversion Type says of them. */
export const takesPictures = (sopClassUID: string): boolean => sopClassUID === ROOT + RT_IMAGE;
