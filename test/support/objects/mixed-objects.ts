import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bufferSource, isStorageSopClass, parseDataSet, readFileMeta } from '../../../src/dicom';
import { corpusFiles } from './corpus';

/** An object of a mixture, made anew each time it is wanted. */
export interface MixedObject {
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
  /** Bytes of the data set. */
  size: number;
  dataSet(): Iterable<Buffer>;
}

const ROOT = '2.25.101203456789';
/** Of the UIDs of objects that are not of the corpus. */
export const MADE_ROOT = `${ROOT}.`;
const KIB = 1024;
const MIB = KIB * KIB;
const PIECE_BYTES = 256 * KIB;
const FILLING = Buffer.alloc(PIECE_BYTES, 0x5a);
const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const NATIVE = [IMPLICIT, EXPLICIT, BIG_ENDIAN];

/**
 * So many objects: by count 90 % of 5 KB, of more kinds (SOP class and transfer syntax) than an association has contexts,
 * 9.9 % of 512 KB, 0.1 % of 20 MB, and among them the corpus. From a thousand on, one of 1 GB.
 * @param isTaken whether all peers take this SOP class
 */
export function mixedObjects(count: number, isTaken: (sopClassUID: string) => boolean): MixedObject[] {
  const classes = storageClasses().filter(isTaken);
  const corpus = corpusMixture().filter(({ sopClassUID }) => isTaken(sopClassUID));
  const made = Array.from({ length: count }, (_, number) => {
    const bytes = number % 1000 === 500 ? 20 * MIB : number % 10 === 5 ? 512 * KIB : 5 * KIB;
    return filled(
      number,
      classes[number % classes.length] ?? '',
      NATIVE[Math.floor(number / classes.length) % NATIVE.length] ?? EXPLICIT,
      count >= 1000 && number === 250 ? KIB * MIB : bytes,
    );
  });
  // In the midst of the others.
  const every = Math.max(1, Math.floor(count / corpus.length));
  return made.flatMap((object, number) => {
    const other = number % every === 0 ? corpus[number / every] : undefined;
    return other === undefined ? [object] : [object, other];
  });
}

/** SHA-256 of a data set. */
export function hashOf(dataSet: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const bytes of dataSet) hash.update(bytes);
  return hash.digest('hex');
}

/** Those of PS3.6 below the root of most of them. */
export function storageClasses(): string[] {
  const numbers = [...Array(700).keys()];
  const parts = numbers.flatMap((first) => [
    `${first}`,
    ...numbers.slice(1, 20).map((next) => `${first}.${next}`),
  ]);
  return parts.map((part) => `1.2.840.10008.5.1.4.1.1.${part}`).filter(isStorageSopClass);
}

/** Each file of the corpus that is a Part 10 file, under its own UID the first time that one occurs. */
function corpusMixture(): MixedObject[] {
  const seen = new Set<string>();
  return ['good', 'generated'].flatMap(corpusFiles).flatMap(({ path }) => {
    const file = readFileSync(path);
    if (file.toString('latin1', 128, 132) !== 'DICM') return [];
    const source = bufferSource(file);
    const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
    const { sopClassUID = '', sopInstanceUID = '' } = parseDataSet(source, {
      transferSyntaxUID,
      offset,
    }).identity;
    const bytes = file.subarray(offset);
    // DCMTK aborts for a fragment of odd length.
    if (sopClassUID === '' || sopInstanceUID === '' || bytes.length % 2 !== 0 || seen.has(sopInstanceUID))
      return [];
    seen.add(sopInstanceUID);
    return [{ sopClassUID, sopInstanceUID, transferSyntaxUID, size: bytes.length, dataSet: () => [bytes] }];
  });
}

function filled(number: number, sopClassUID: string, transferSyntaxUID: string, bytes: number): MixedObject {
  // A last digit that goes with neither kind nor size.
  const digit = (7 * number + Math.floor(number / 10) + Math.floor(number / 1000)) % 10;
  const sopInstanceUID = `${MADE_ROOT}${number}${digit}`;
  const head = encode(transferSyntaxUID, [
    [0x0008, 0x0016, 'UI', sopClassUID],
    [0x0008, 0x0018, 'UI', sopInstanceUID],
    [0x0008, 0x0060, 'CS', 'OT'],
    [0x0010, 0x0010, 'PN', 'Doe^Jane'],
    [0x0010, 0x0020, 'LO', String(number)],
    [0x0020, 0x000d, 'UI', `${ROOT}.1.${Math.floor(number / 100)}`],
    [0x0020, 0x000e, 'UI', `${ROOT}.2.${Math.floor(number / 100)}`],
    [0x7fe0, 0x0010, 'OW', bytes],
  ]);
  return {
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    size: head.length + bytes,
    *dataSet() {
      yield head;
      for (let left = bytes; left > 0; left -= PIECE_BYTES)
        yield FILLING.subarray(0, Math.min(left, PIECE_BYTES));
    },
  };
}

/** Elements of text, the last one with so many bytes that follow (PS3.5 7.1). */
function encode(transferSyntaxUID: string, elements: [number, number, string, string | number][]): Buffer {
  const isBig = transferSyntaxUID === BIG_ENDIAN;
  const number = (value: number, length: 2 | 4): Buffer => {
    const bytes = Buffer.alloc(length);
    if (isBig) bytes.writeUIntBE(value, 0, length);
    else bytes.writeUIntLE(value, 0, length);
    return bytes;
  };
  return Buffer.concat(
    elements.flatMap(([group, element, vr, value]) => {
      const isText = typeof value === 'string';
      const padded = isText && value.length % 2 !== 0 ? value + (vr === 'UI' ? '\0' : ' ') : value;
      const length = typeof padded === 'string' ? padded.length : padded;
      const lengthField =
        transferSyntaxUID === IMPLICIT
          ? [number(length, 4)]
          : isText
            ? [Buffer.from(vr, 'latin1'), number(length, 2)]
            : [Buffer.from(`${vr}\0\0`, 'latin1'), number(length, 4)];
      return [
        number(group, 2),
        number(element, 2),
        ...lengthField,
        Buffer.from(typeof padded === 'string' ? padded : '', 'latin1'),
      ];
    }),
  );
}
