import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource, parseDataSet, readFileMeta } from '../../src/dicom';
import { commandSet, dataTF, pdv } from '../../test/support/connections/pdus';
import { corpus } from '../../test/support/objects/corpus';

/** An object to send over and over, each time with another SOP Instance UID. */
export interface Work {
  name: string;
  sopClassUID: string;
  transferSyntaxUID: string;
  sopInstanceUID: string;
  /** The data set up to the value of its last element, which is pixel data of `filling` bytes; or all of it. */
  dataSet: Buffer;
  filling: number;
}

const KIB = 1024;
const MIB = KIB * KIB;
const SR = 'good/sr-comprehensive-3d/highdicom__sr_document.dcm';
const CT = 'good/ct/dicom-numpy__CT25.dcm';
const MULTI_FRAME = 'good/enhanced-mr/dcm_qa_enh__6_2.dcm';

export const sr5K = (): Work => readWork('SR, 5 KB', SR);
export const ct512K = (): Work => readWork('CT, 512 KB, 211 elements', CT);
export const ct20M = (): Work => withPixelData(readWork('CT header, 20 MB', CT), 20 * MIB);
export const multiFrame1G = (): Work =>
  withPixelData(readWork('multi-frame MR, 1 GB', MULTI_FRAME), KIB * MIB);

/** A CT of about this many bytes. */
export function ctOf(bytes: number): Work {
  const [unit, word] = bytes >= KIB * MIB ? [KIB * MIB, 'GB'] : bytes >= MIB ? [MIB, 'MB'] : [KIB, 'KB'];
  const name = `${bytes / unit} ${word}`;
  const ct = readWork(name, CT);
  const header = pixelDataOffset(ct.dataSet);
  return withPixelData(ct, Math.max(2, bytes - header - (bytes % 2)));
}

function readWork(name: string, file: string): Work {
  const bytes = readFileSync(join(corpus, file));
  const { transferSyntaxUID, dataSetOffset } = readFileMeta(bufferSource(bytes));
  const dataSet = bytes.subarray(dataSetOffset);
  // Not those of the file meta information: where they differ, some receivers refuse the object.
  const { identity } = parseDataSet(bufferSource(dataSet), { transferSyntaxUID });
  const { sopClassUID = '', sopInstanceUID = '' } = identity;
  return { name, sopClassUID, transferSyntaxUID, sopInstanceUID, dataSet, filling: 0 };
}

/** (7FE0,0010) OW of explicit VR little endian: with its length, 12 bytes. */
const PIXEL_DATA = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0]);

function pixelDataOffset(dataSet: Buffer): number {
  const at = dataSet.lastIndexOf(PIXEL_DATA);
  if (at < 0) throw new Error('the object has no native pixel data');
  return at + PIXEL_DATA.length + 4;
}

function withPixelData(work: Work, filling: number): Work {
  const end = pixelDataOffset(work.dataSet);
  const dataSet = Buffer.from(work.dataSet.subarray(0, end));
  dataSet.writeUInt32LE(filling, end - 4);
  return { ...work, dataSet, filling };
}

/** A C-STORE request as PDUs, in the order in which they go out. */
export interface EncodedWork {
  /** The command, and the data set up to its filling. */
  head: Buffer;
  /** Where in `head` the last digits of the SOP Instance UID are. */
  uidOffsets: readonly number[];
  /** Filling: the same bytes this many times, and a rest. */
  repeated: Buffer;
  times: number;
  tail: Buffer;
}

/** Every receiver takes PDUs of 16 KiB, so all get these. */
const PDV_LENGTH = 16_372;
const REPEATED_BYTES = 64 * PDV_LENGTH;
export const UID_DIGITS = 9;

/** Encodes everything that does not change from one object to the next: the generator is to cost little. */
export function encodeWork({ sopClassUID, sopInstanceUID, dataSet, filling }: Work): EncodedWork {
  const command = commandSet({
    0x0002: sopClassUID,
    0x0100: 0x0001,
    0x0110: 1,
    0x0700: 0,
    0x0800: 0,
    0x1000: sopInstanceUID,
  });
  const head = Buffer.concat([dataTF(pdv(1, 0b11, command)), pdus(dataSet, filling === 0)]);
  const uidOffsets: number[] = [];
  for (let at = head.indexOf(sopInstanceUID); at >= 0; at = head.indexOf(sopInstanceUID, at + 1)) {
    uidOffsets.push(at + sopInstanceUID.length - UID_DIGITS);
  }
  const times = Math.max(0, Math.ceil(filling / REPEATED_BYTES) - 1);
  return {
    head,
    uidOffsets,
    repeated: pdus(Buffer.alloc(times > 0 ? REPEATED_BYTES : 0, FILLING), false),
    times,
    tail: pdus(Buffer.alloc(filling - times * REPEATED_BYTES, FILLING), true),
  };
}

const FILLING = 0x5a;

function pdus(bytes: Buffer, endsDataSet: boolean): Buffer {
  const encoded: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PDV_LENGTH) {
    const isLast = endsDataSet && at + PDV_LENGTH >= bytes.length;
    encoded.push(dataTF(pdv(1, isLast ? 0b10 : 0, bytes.subarray(at, at + PDV_LENGTH))));
  }
  return Buffer.concat(encoded);
}
