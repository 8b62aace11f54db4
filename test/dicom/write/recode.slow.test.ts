import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bufferSource, DicomError, fileSource, isNative, parseDataSet, recode } from '../../../src/dicom';
import { AMBIGUOUS_VR, lookUp, type Vr } from '../../../src/dicom/standard';
import { heldMemory } from '../../support/machine/garbage';
import { assertLinear } from '../../support/machine/linear';
import { needs } from '../../support/machine/needs';
import type { Attribute, Model } from '../support/compare';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT } from '../support/convert-elements';
import { corpusObjects, metaOf } from '../support/corpus-objects';
import { element, item, us } from '../support/encode';
import { boundaries, mutate, Random } from '../support/mutations';
import { dcm2json, environment, pydicom } from '../support/oracles';
import { allOf, recodedFile, sameValues, TARGETS } from './support';

const skipped = needs('dcmtk', 'pydicom');
const objects = corpusObjects('good', 'generated').filter(({ path }) =>
  isNative(metaOf(readFileSync(path)).transferSyntaxUID),
);

/** US or SS, OB or OW, US or OW: in implicit VR others decide which, whatever was sent (PS3.5 A.1). */
const OPEN: ReadonlySet<Vr> = new Set(Object.values(AMBIGUOUS_VR));

/** What a reader sees before and after, apart from VRs that implicit VR does not tell. */
class Sameness {
  readonly different: string[] = [];
  attributes = 0;
  lostVrs = 0;
  openVrs = 0;

  models(object: string, before: Model, after: Model, path = ''): void {
    for (const tag of new Set([...Object.keys(before), ...Object.keys(after)])) {
      this.attributes += 1;
      const one = before[tag];
      const other = after[tag];
      if (one === undefined || other === undefined) this.#say(object, path + tag, one, other);
      else this.#attributes(object, one, other, tag, path + tag);
    }
  }

  #attributes(object: string, one: Attribute, other: Attribute, tag: string, path: string): void {
    if (one.vr === 'SQ' && other.vr === 'SQ') {
      const [items, others] = [(one.Value ?? []) as Model[], (other.Value ?? []) as Model[]];
      if (items.length !== others.length) this.#say(object, path, one, other);
      items.forEach((each, index) => this.models(object, each, others[index] ?? {}, `${path}[${index}].`));
    } else if (JSON.stringify(one) !== JSON.stringify(other)) {
      const known = lookUp(parseInt(tag, 16))?.vr;
      if (one.vr !== other.vr && (known === undefined || one.vr === 'UN' || other.vr === 'UN'))
        this.lostVrs += 1;
      else if (one.vr !== other.vr && known !== undefined && OPEN.has(known)) this.openVrs += 1;
      else this.#say(object, path, one, other);
    }
  }

  #say(object: string, path: string, one: unknown, other: unknown): void {
    const short = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 120);
    this.different.push(`${object} ${path}: before ${short(one)}, after ${short(other)}`);
  }

  report(title: string): void {
    console.log(
      `${title}: ${this.attributes} attributes the same, ${this.lostVrs} of them with a VR that one of the two does not tell, ${this.openVrs} with another one of those that PS3.6 has`,
    );
    assert.equal(this.different.length, 0, this.different.slice(0, 20).join('\n'));
  }
}

describe('what others read in a recoded object', { skip: skipped }, () => {
  let folder = '';
  const all: { name: string; path: string; to: string; copy: string }[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'recode-'));
    for (const [index, { name, path }] of objects.entries()) {
      const file = readFileSync(path);
      for (const [option, to] of Object.entries(TARGETS)) {
        if (metaOf(file).transferSyntaxUID === to) continue;
        const copy = join(folder, `${index}${option}.dcm`);
        writeFileSync(copy, await recodedFile(file, to));
        all.push({ name: `${name} ${option}`, path, to, copy });
      }
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('dcm2json reads the same before and after', () => {
    const same = new Sameness();
    const originals = new Map(objects.map(({ path }) => [path, dcm2json(path)]));
    for (const { name, path, copy } of all) {
      const [one, other] = [originals.get(path) ?? assert.fail(), dcm2json(copy)];
      if ('model' in one && 'model' in other) same.models(name, one.model, other.model);
      else if ('model' in one !== 'model' in other)
        same.different.push(`${name}: ${JSON.stringify([one, other]).slice(0, 300)}`);
    }
    same.report('dcm2json');
  });

  it('pydicom reads the same before and after', () => {
    const same = new Sameness();
    // pydicom leaves OW in big endian as it is, and a DICOMDIR is explicit VR little endian (PS3.10 8.6) or not read.
    const written = all.filter(({ name, to }) => to !== BIG_ENDIAN && !name.includes('DICOMDIR'));
    const models = pydicom([...new Set(written.flatMap(({ path, copy }) => [path, copy]))]);
    for (const { name, path, copy } of written) {
      const [one, other] = [models.get(path), models.get(copy)];
      if (one !== undefined && other !== undefined) same.models(name, one, other);
      else if ((one === undefined) !== (other === undefined))
        same.different.push(`${name}: read ${one === undefined ? 'after' : 'before'} only`);
    }
    same.report('pydicom');
  });

  it('dcmconv writes the same of it as of the object itself', () => {
    const different: string[] = [];
    for (const { name, path, to, copy } of all) {
      const [one, other] = [path, copy].map((each) => dcmconv(each, to, join(folder, 'converted.dcm')));
      if (one === undefined || other === undefined) {
        if (one !== undefined) different.push(`${name}: dcmconv does not read it`);
      } else if (!one.equals(other) && !PADDED.has(name))
        different.push(`${name}: ${one.length} and ${other.length} bytes`);
    }
    assert.equal(different.length, 0, different.slice(0, 20).join('\n'));
  });
});

/** It has texts in private attributes that are padded with several spaces, which dcmconv leaves out where it knows that it is text. */
const PADDED: ReadonlySet<string> = new Set(['good/mr/dcm_qa_trt__i82008.MRDC.19 +ti']);

function dcmconv(path: string, to: string, output: string): Buffer | undefined {
  const option = Object.entries(TARGETS).find(([, uid]) => uid === to)?.[0] ?? '';
  const { status } = spawnSync('dcmconv', ['-q', option, path, output], { env: environment });
  if (status !== 0) return undefined;
  const file = readFileSync(output);
  return file.subarray(metaOf(file).dataSetOffset);
}

describe('recode of damaged and large objects', () => {
  it('ends in a DicomError or in what can be read again, in time: 2000 mutations', async () => {
    const random = new Random(20_261_126);
    const originals = objects
      .filter(({ path }) => statSync(path).size < LARGEST_MUTANT)
      .map(({ name, path }) => ({ name, bytes: readFileSync(path) }))
      .map((each) => ({ ...each, joints: boundaries(each.bytes) }));
    const outcomes = new Map<string, number>();
    for (let index = 0; index < 2000; index += 1) {
      const original = random.of(originals);
      const { name, bytes } = mutate(original.bytes, original.joints, random);
      for (const to of Object.values(TARGETS)) {
        const outcome = await attempt(bytes, to, `${original.name}, ${name}, number ${index} to ${to}`);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    console.log(JSON.stringify(Object.fromEntries(outcomes)));
    assert.ok((outcomes.get('recoded') ?? 0) > 1000);
  });

  it('takes linear time: many elements, items, LUTs, group lengths', () => {
    const lut = (encoding: { explicit: boolean }): Buffer =>
      item(element(0x00283002, 'US', us(1, 0, 16), encoding), element(0x00283006, 'US', us(1), encoding));
    const kinds: Record<string, Buffer> = {
      elements: element(0x00100020, 'LO', 'P1', { explicit: false }),
      items: element(0x00400275, 'SQ', item(), { explicit: false }),
      luts: element(0x00283010, 'SQ', lut({ explicit: false }), { explicit: false }),
      'group lengths': element(0x00280000, 'UL', us(1, 0), { explicit: false }),
    };
    for (const [what, unit] of Object.entries(kinds)) {
      assertLinear(
        100_000,
        (count) => {
          const source = bufferSource(Buffer.concat(new Array<Buffer>(count).fill(unit)));
          return () => {
            const { size, blocks } = recode(source, { from: IMPLICIT, to: EXPLICIT });
            let bytes = 0;
            for (const block of blocks() as Iterable<Buffer>) bytes += block.length;
            assert.equal(bytes, size);
          };
        },
        what,
      );
    }
  });

  it('of 1 GB takes little memory, in each direction', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'recode-'));
    try {
      for (const from of [IMPLICIT, EXPLICIT, BIG_ENDIAN] as const) {
        const path = join(folder, 'large.dcm');
        const encoding = { explicit: from !== IMPLICIT, bigEndian: from === BIG_ENDIAN };
        const head = Buffer.concat([
          element(0x00100020, 'LO', 'P1', encoding),
          element(0x7fe00010, 'OW', '', { ...encoding, length: GIGABYTE }),
        ]);
        writeFileSync(path, head);
        truncateSync(path, head.length + GIGABYTE);
        for (const to of [IMPLICIT, EXPLICIT, BIG_ENDIAN].filter((each) => each !== from))
          await large(path, from, to);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const LARGEST_MUTANT = 100_000;
const SLOWEST_MILLISECONDS = 1000;
const GIGABYTE = 0x40000000;
/** How much may be held at any time, and after how many bytes that is looked at. */
const MOST_HELD = 16 * 1024 * 1024;
const LOOK_EVERY = 64 * 1024 * 1024;

async function attempt(bytes: Buffer, to: string, what: string): Promise<string> {
  const before = process.cpuUsage();
  try {
    const { transferSyntaxUID: from, dataSetOffset: offset } = metaOf(bytes);
    const { size, blocks } = recode(bufferSource(bytes), { from, to, offset });
    const written = await allOf(blocks());
    if (size !== undefined) assert.equal(written.length, size, what);
    assert.doesNotThrow(() => parseDataSet(bufferSource(written), { transferSyntaxUID: to }), what);
    sameValues(what, bytes.subarray(offset), from, written, to);
    return 'recoded';
  } catch (error) {
    if (error instanceof DicomError) return error.code;
    throw new Error(what, { cause: error });
  } finally {
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1000 < SLOWEST_MILLISECONDS, what);
  }
}

async function large(path: string, from: string, to: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    const before = heldMemory();
    const started = process.cpuUsage();
    const { size, blocks } = recode(fileSource(fd, statSync(path).size), { from, to });
    let most = 0;
    let written = 0;
    let next = 0;
    for await (const block of blocks()) {
      written += block.length;
      if (written < next) continue;
      most = Math.max(most, heldMemory() - before);
      next = written + LOOK_EVERY;
    }
    const { user, system } = process.cpuUsage(started);
    console.log(
      `1 GB ${from} to ${to}: ${Math.round((user + system) / 1000)} ms of CPU, ${Math.round(most / 1048576)} MB`,
    );
    assert.equal(written, size);
    assert.ok(most < MOST_HELD, `${most} bytes`);
  } finally {
    closeSync(fd);
  }
}
