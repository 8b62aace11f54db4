import { tagHex, tagOfKeyword } from '../standard';
import type { ConversionWarning } from '../warnings';
import { cannotBuild } from './build-errors';
import { givenAttributes, isDicomMessage } from './given-attributes';
import { isJpeg, readJpeg } from './jpeg';
import { isPng, readPng } from './png';
import { CompressedFrame } from './written-element';

/** Attributes by keyword. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What an object is made of, beside the values that a message gives. */
export type Recipe = 'encapsulated-pdf' | 'secondary-capture';

const ENCAPSULATED_PDF_STORAGE = '1.2.840.10008.5.1.4.1.1.104.1';
const SECONDARY_CAPTURE_STORAGE = '1.2.840.10008.5.1.4.1.1.7';

/** Attributes that must be there, and may be empty (PS3.3 C.7.1.1, C.7.2.1): of the patient and of the study. */
const PATIENT_AND_STUDY = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
];
/** More of them that are taken from the message of another object of the study. */
const ALSO_OF_THE_STUDY = [
  'StudyInstanceUID',
  'StudyDescription',
  'IssuerOfPatientID',
  'PatientAge',
  'AdmissionID',
];

/** Is there a recipe for these bytes, by what they begin with? */
export function isIngredient(recipe: Recipe, bytes: Buffer): boolean {
  return recipe === 'encapsulated-pdf' ? isPdf(bytes) : isPng(bytes) || isJpeg(bytes);
}

/** PDF readers look for it in the first 1024 bytes; nobody is to find bytes before it. */
function isPdf(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 5) === '%PDF-';
}

/**
 * The attributes of an object that a document or a picture becomes: Encapsulated PDF (PS3.3 A.45.1) or Secondary Capture Image
 * (PS3.3 A.8.1).
 * @param values of the message: attributes by keyword, all of which count; or the DicomMessage of another object of the study,
 *   of which patient and study count
 * @param now what the object's date and time are, where they are not given
 * @throws DicomError `cannot-build`
 */
export function attributesOfRecipe(recipe: Recipe, bytes: Buffer, values: unknown, now: Date): Attributes {
  if (!isIngredient(recipe, bytes))
    throw cannotBuild(
      recipe === 'encapsulated-pdf' ? 'a PDF begins with %PDF-' : 'a picture is a PNG or a JPEG',
    );
  const given = values === undefined ? {} : ofTheStudy(values);
  const made = recipe === 'encapsulated-pdf' ? ofDocument(bytes) : ofPicture(bytes);
  const empty = Object.fromEntries(PATIENT_AND_STUDY.map((keyword) => [keyword, null]));
  return { ...empty, ...momentOf(now), ...made, ...given };
}

/** What is in the object otherwise than whoever gave the picture has seen it. @param bytes as `attributesOfRecipe` took them */
export function recipeWarnings(recipe: Recipe, bytes: Buffer): ConversionWarning[] {
  if (recipe !== 'secondary-capture' || !isJpeg(bytes)) return [];
  const { orientation } = readJpeg(bytes);
  return orientation >= 2 && orientation <= 8 ? [TURNED] : [];
}

const TURNED: ConversionWarning = {
  code: 'picture-turned',
  path: '',
  text: 'the JPEG says that it is to be shown turned or mirrored (Exif), which DICOM software does not know; save it upright',
};

function ofTheStudy(values: unknown): Attributes {
  const given = givenAttributes(values);
  if (!isDicomMessage(values)) return given;
  const found = [...PATIENT_AND_STUDY, ...ALSO_OF_THE_STUDY].map((keyword): [string, unknown] => [
    keyword,
    given[keyword] ?? given[tagHex(tagOfKeyword(keyword) ?? 0)],
  ]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** In the time zone of the machine, as DICOM has them. */
function momentOf(now: Date): Attributes {
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return {
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    StudyDate: date,
    StudyTime: time,
    ContentDate: date,
    ContentTime: time,
  };
}

const OF_ANY = {
  ConversionType: 'WSD',
  SeriesNumber: 1,
  InstanceNumber: 1,
  Manufacturer: null,
};

function ofDocument(bytes: Buffer): Attributes {
  return {
    ...OF_ANY,
    SOPClassUID: ENCAPSULATED_PDF_STORAGE,
    Modality: 'DOC',
    AcquisitionDateTime: null,
    // Nobody has looked: a report names its patient.
    BurnedInAnnotation: 'YES',
    DocumentTitle: null,
    ConceptNameCodeSequence: [],
    MIMETypeOfEncapsulatedDocument: 'application/pdf',
    EncapsulatedDocumentLength: bytes.length,
    EncapsulatedDocument: bytes,
  };
}

function ofPicture(bytes: Buffer): Attributes {
  const picture = isPng(bytes) ? ofPng(bytes) : ofJpeg(bytes);
  return {
    ...OF_ANY,
    SOPClassUID: SECONDARY_CAPTURE_STORAGE,
    Modality: 'OT',
    ImageType: ['DERIVED', 'SECONDARY'],
    Laterality: null,
    PatientOrientation: null,
    ...picture,
  };
}

function ofPng(bytes: Buffer): Attributes {
  const { rows, columns, samples, data } = readPng(bytes);
  return { Rows: rows, Columns: columns, SamplesPerPixel: samples, BitsAllocated: 8, PixelData: data };
}

function ofJpeg(bytes: Buffer): Attributes {
  const { rows, columns, samples, precision, transferSyntaxUID, photometricInterpretation, isLossy } =
    readJpeg(bytes);
  const allocated = precision > 8 ? 16 : 8;
  const ratio = (rows * columns * samples * (allocated / 8)) / bytes.length;
  return {
    Rows: rows,
    Columns: columns,
    SamplesPerPixel: samples,
    PhotometricInterpretation: photometricInterpretation,
    ...(samples > 1 && { PlanarConfiguration: 0 }),
    BitsAllocated: allocated,
    BitsStored: precision,
    HighBit: precision - 1,
    PixelRepresentation: 0,
    ...(isLossy && {
      LossyImageCompression: '01',
      LossyImageCompressionRatio: Math.round(ratio * 100) / 100,
      LossyImageCompressionMethod: 'ISO_10918_1',
    }),
    PixelData: new CompressedFrame(bytes, transferSyntaxUID),
  };
}
