/** Conversion measured against dcmjs readFile + naturalizeDataset, same bytes, same run: `node dist/bench/convert.js`. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bufferSource,
  convert,
  type ConvertOptions,
  encodeFileMeta,
  fileSource,
  parseDataSet,
  readFileMeta,
} from '../src/dicom';
import { corpus } from '../test/support/objects/corpus';

/** The part of dcmjs that is measured; it ships no types. */
interface Dcmjs {
  log: { setLevel(level: 'silent'): void };
  data: Reader;
}
interface Reader {
  DicomMessage: { readFile(bytes: ArrayBuffer): { dict: object } };
  DicomMetaDictionary: { naturalizeDataset(dict: object): object };
}
const { data: dcmjs, log } = createRequire(__filename)('dcmjs') as Dcmjs;

const EXPLICIT = '1.2.840.10008.1.2.1';
const OPTIONS: ConvertOptions = {
  transferSyntaxUID: EXPLICIT,
  includeCommonFieldsNode: true,
  includeReportNode: true,
  includeTagsNode: true,
  tagsFormat: 'keyword',
  bulkDataURI: 'file:///objects/1.dcm',
};
const ROUNDS = 9;

/** Microseconds of each, by turns, so that a busy moment of the machine meets all of them; the best of the rounds. */
function race(contestants: Record<string, () => unknown>, milliseconds: number): Record<string, number> {
  const times = Object.fromEntries(Object.keys(contestants).map((name): [string, number[]] => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(contestants)) {
      const start = performance.now();
      let count = 0;
      do {
        run();
        count += 1;
      } while (performance.now() - start < milliseconds);
      // The first round warms up.
      if (round > 0) times[name]?.push(((performance.now() - start) * 1000) / count);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, Math.min(...each)]));
}

function againstDcmjs(title: string, bytes: Buffer): void {
  const source = bufferSource(bytes);
  const { transferSyntaxUID, dataSetOffset } = readFileMeta(source);
  const options = { ...OPTIONS, transferSyntaxUID, offset: dataSetOffset };
  const arrayBuffer = new Uint8Array(bytes).buffer;
  const times = race(
    {
      dcmjs: () => dcmjs.DicomMetaDictionary.naturalizeDataset(dcmjs.DicomMessage.readFile(arrayBuffer).dict),
      message: () => convert(source, options),
      'message, dicom-json': () => convert(source, { ...options, tagsFormat: 'dicom-json' }),
      'tags only': () =>
        convert(source, { ...options, includeCommonFieldsNode: false, includeReportNode: false }),
      inspection: () => parseDataSet(source, options),
    },
    150,
  );
  console.log(`\n${title} (${bytes.length} bytes)`);
  for (const [name, time] of Object.entries(times)) {
    const factor = (times['dcmjs'] ?? NaN) / time;
    console.log(`  ${name.padEnd(20)} ${time.toFixed(1).padStart(9)} µs  ${factor.toFixed(1).padStart(6)} ×`);
  }
}

/** An element of explicit VR little endian with a short length. */
function element(group: number, number: number, vr: string, value: string): Buffer {
  const bytes = Buffer.alloc(8 + value.length + (value.length % 2), ' ');
  bytes.writeUInt16LE(group, 0);
  bytes.writeUInt16LE(number, 2);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt16LE(bytes.length - 8, 6);
  bytes.write(value, 8, 'latin1');
  return bytes;
}

function linearity(): void {
  console.log('\nCost by number of elements (private LO of 12 bytes, 200 blocks a group)');
  for (const count of [10, 100, 1000, 10_000, 100_000]) {
    const elements = Array.from({ length: count }, (_, index) =>
      element(0x0009 + 2 * Math.floor(index / 50_000), 0x1000 + (index % 50_000), 'LO', 'a value text'),
    );
    const source = bufferSource(Buffer.concat(elements));
    const { message } = race({ message: () => convert(source, OPTIONS) }, 200);
    console.log(`  ${String(count).padStart(7)} elements: ${((message ?? NaN) / count).toFixed(2)} µs each`);
  }
}

const MEBIBYTE = 1024 * 1024;

/** A multi-frame object on disk whose pixel data is a hole in the file. */
function hugeObject(pixelBytes: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'bench-convert-'));
  const path = join(folder, 'huge.dcm');
  const meta = encodeFileMeta({
    sopClassUID: '1.2.840.10008.5.1.4.1.1.4.1',
    sopInstanceUID: '1.2.3.4',
    transferSyntaxUID: EXPLICIT,
    implementationClassUID: '1.2.3',
    implementationVersionName: 'BENCH',
  });
  const pixelData = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
  pixelData.writeUInt32LE(pixelBytes, 8);
  const head = Buffer.concat([
    meta,
    element(0x0008, 0x0018, 'UI', '1.2.3.4\0'),
    ...Array.from({ length: 200 }, (_, index) => element(0x0009, 0x1000 + index, 'LO', 'a value text')),
    pixelData,
  ]);
  const fd = openSync(path, 'w+');
  try {
    writeSync(fd, head);
    ftruncateSync(fd, head.length + pixelBytes);
    const before = process.memoryUsage.rss();
    const start = performance.now();
    const source = fileSource(fd, head.length + pixelBytes);
    convert(source, { ...OPTIONS, offset: readFileMeta(source).dataSetOffset });
    const milliseconds = performance.now() - start;
    const memory = (process.memoryUsage.rss() - before) / MEBIBYTE;
    const size = `${Math.round(pixelBytes / MEBIBYTE)} MiB`.padStart(9);
    console.log(
      `  ${size} of pixel data: ${milliseconds.toFixed(2)} ms, ${memory.toFixed(1)} MiB more memory`,
    );
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

log.setLevel('silent');
const OBJECTS = {
  'CT slice with a header of 211 elements': 'good/ct/dicom-numpy__CT25.dcm',
  'CT with 179 private elements': 'good/ct/pydicom__CT_small.dcm',
  'Structured report, nested': 'good/sr-comprehensive/pydicom__test-SR.dcm',
  'Structured report of 77 KB': 'good/sr-comprehensive/dcmqi__sr.dcm',
};
for (const [title, file] of Object.entries(OBJECTS)) {
  againstDcmjs(title, readFileSync(join(corpus, file)));
}
linearity();
console.log('\nFrom disk');
for (const mebibytes of [1, 1, 64, 2048 - 1]) hugeObject(mebibytes * MEBIBYTE);
