// Makes test/fixtures/sample-ct.dcm, the object that `npm start` sends: a synthetic CT slice of an invented patient.
// Dedicated to the public domain (CC0), see NOTICE. Run it again after changing it: node scripts/make-sample.mjs
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import dcmjs from 'dcmjs';

const SIZE = 64;
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** UIDs from UUIDs have one arc below 2.25 (PS3.5 B.2), so each is a number of its own. */
const uid = (number) => `2.25.10120345678901234567890123456789${number}`;

/** A disc of water with a ball of bone in air, in Hounsfield units + 1024. */
function pixels() {
  const values = new Int16Array(SIZE * SIZE);
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      const fromCentre = Math.hypot(x - 31.5, y - 31.5);
      const fromBall = Math.hypot(x - 40, y - 24);
      values[y * SIZE + x] = fromBall < 6 ? 2024 : fromCentre < 26 ? 1024 : 24;
    }
  }
  return values.buffer;
}

const elements = {
  SpecificCharacterSet: 'ISO_IR 192',
  ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
  SOPClassUID: CT_IMAGE_STORAGE,
  SOPInstanceUID: uid(3),
  StudyDate: '20260115',
  SeriesDate: '20260115',
  ContentDate: '20260115',
  StudyTime: '101500',
  ContentTime: '101742.5',
  AccessionNumber: 'A-2026-0042',
  Modality: 'CT',
  Manufacturer: 'node-red-contrib-dicom',
  InstitutionName: 'Beispielklinik Köln',
  ReferringPhysicianName: [{ Alphabetic: 'Müller^Jörg^^Dr.' }],
  StudyDescription: 'Synthetic phantom',
  SeriesDescription: 'Axial, one slice',
  ManufacturerModelName: 'scripts/make-sample.mjs',
  PatientName: [{ Alphabetic: 'Doe^Jane' }],
  PatientID: '12345',
  PatientBirthDate: '19700101',
  PatientSex: 'F',
  BodyPartExamined: 'PHANTOM',
  SliceThickness: 5,
  KVP: 120,
  StudyInstanceUID: uid(1),
  SeriesInstanceUID: uid(2),
  StudyID: '1',
  SeriesNumber: 1,
  InstanceNumber: 1,
  ImagePositionPatient: [-125, -125, 0],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  FrameOfReferenceUID: uid(4),
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: SIZE,
  Columns: SIZE,
  PixelSpacing: [3.90625, 3.90625],
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 1,
  WindowCenter: 40,
  WindowWidth: 400,
  RescaleIntercept: -1024,
  RescaleSlope: 1,
  ProcedureCodeSequence: [
    { CodeValue: 'PHANTOM', CodingSchemeDesignator: '99EXAMPLE', CodeMeaning: 'Phantom examination' },
  ],
  PixelData: pixels(),
  _vrMap: { PixelData: 'OW' },
};

const { DicomDict, DicomMetaDictionary } = dcmjs.data;
const file = new DicomDict(
  DicomMetaDictionary.denaturalizeDataset({
    FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
    MediaStorageSOPClassUID: elements.SOPClassUID,
    MediaStorageSOPInstanceUID: elements.SOPInstanceUID,
    TransferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
    ImplementationClassUID: uid(5),
    _vrMap: {},
  }),
);
file.dict = DicomMetaDictionary.denaturalizeDataset(elements);
const path = fileURLToPath(new URL('../test/fixtures/sample-ct.dcm', import.meta.url));
writeFileSync(path, Buffer.from(file.write()));
