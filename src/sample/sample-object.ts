import { encodeFileMeta, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../dicom';

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const SIZE = 64;
/** UIDs from UUIDs have one arc below 2.25 (PS3.5 B.2), so each is a separate number. */
const uid = (number: number): string => `2.25.10120345678901234567890123456780${number}`;

/** A CT slice of an invented patient: text, unsigned shorts, bytes, or items. */
const ELEMENTS: readonly SampleElement[] = [
  [0x00080005, 'CS', 'ISO_IR 192'],
  [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
  [0x00080016, 'UI', CT_IMAGE_STORAGE],
  [0x00080018, 'UI', uid(3)],
  [0x00080020, 'DA', '20260115'],
  [0x00080021, 'DA', '20260115'],
  [0x00080023, 'DA', '20260115'],
  [0x00080030, 'TM', '101500'],
  [0x00080033, 'TM', '101742.5'],
  [0x00080050, 'SH', 'A-2026-0042'],
  [0x00080060, 'CS', 'CT'],
  [0x00080070, 'LO', 'node-red-contrib-dicom'],
  [0x00080080, 'LO', 'Beispielklinik Köln'],
  [0x00080090, 'PN', 'Müller^Jörg^^Dr.'],
  [0x00081030, 'LO', 'Synthetic phantom'],
  [
    0x00081032,
    'SQ',
    [
      [0x00080100, 'SH', 'PHANTOM'],
      [0x00080102, 'SH', '99EXAMPLE'],
      [0x00080104, 'LO', 'Phantom examination'],
    ],
  ],
  [0x0008103e, 'LO', 'Axial, one slice'],
  [0x00081090, 'LO', 'Sample'],
  [0x00100010, 'PN', 'Doe^Jane'],
  [0x00100020, 'LO', '12345'],
  [0x00100030, 'DA', '19700101'],
  [0x00100040, 'CS', 'F'],
  [0x00180015, 'CS', 'PHANTOM'],
  [0x00180050, 'DS', '5'],
  [0x00180060, 'DS', '120'],
  [0x0020000d, 'UI', uid(1)],
  [0x0020000e, 'UI', uid(2)],
  [0x00200010, 'SH', '1'],
  [0x00200011, 'IS', '1'],
  [0x00200013, 'IS', '1'],
  [0x00200032, 'DS', '-125\\-125\\0'],
  [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
  [0x00200052, 'UI', uid(4)],
  [0x00280002, 'US', 1],
  [0x00280004, 'CS', 'MONOCHROME2'],
  [0x00280010, 'US', SIZE],
  [0x00280011, 'US', SIZE],
  [0x00280030, 'DS', '3.90625\\3.90625'],
  [0x00280100, 'US', 16],
  [0x00280101, 'US', 12],
  [0x00280102, 'US', 11],
  [0x00280103, 'US', 1],
  [0x00281050, 'DS', '40'],
  [0x00281051, 'DS', '400'],
  [0x00281052, 'DS', '-1024'],
  [0x00281053, 'DS', '1'],
  [0x7fe00010, 'OW', Buffer.alloc(SIZE * SIZE * 2)],
];

type SampleElement = readonly [
  tag: number,
  vr: string,
  value: string | number | Buffer | readonly SampleElement[],
];

/** The object behind the sample message of a node without its own sample: a Part 10 file. */
export function sampleObject(): Buffer {
  const meta = encodeFileMeta({
    sopClassUID: CT_IMAGE_STORAGE,
    sopInstanceUID: uid(3),
    transferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  return Buffer.concat([meta, ...ELEMENTS.map(encode)]);
}

/** Explicit VR little endian (PS3.5 7.1.2). A sequence is one item. */
function encode([tag, vr, value]: SampleElement): Buffer {
  const bytes = encodeValue(vr, value);
  const isLong = vr === 'OW' || vr === 'SQ';
  const header = Buffer.alloc(isLong ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (isLong) header.writeUInt32LE(bytes.length, 8);
  else header.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

function encodeValue(vr: string, value: SampleElement[2]): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'number') return Buffer.from(Uint16Array.of(value).buffer);
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  }
  const item = Buffer.concat(value.map(encode));
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  header.writeUInt32LE(item.length, 4);
  return Buffer.concat([header, item]);
}
