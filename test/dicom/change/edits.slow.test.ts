import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bufferSource, convert, isUnchangeable } from '../../../src/dicom';
import { fileMeta, valuesOf } from '../write/support';
import type { Model } from '../support/compare';
import { type CorpusObject, corpusObjects } from '../support/corpus-objects';
import { Random } from '../support/mutations';
import { environment, pydicom } from '../support/oracles';
import { needs } from '../../support/machine/needs';
import { type Edit, randomEdits } from './random-edits';
import { changed, dataSetIn } from './support';

const EDITS = 20;

interface Edited {
  object: CorpusObject;
  transferSyntaxUID: string;
  before: Buffer;
  after: Buffer;
  edits: Edit[];
}

/** Each object of a folder with its own random edits. */
function edited(seed: number): Edited[] {
  const random = new Random(seed);
  return corpusObjects('good', 'generated').flatMap((object) => {
    const { dataSet: before, transferSyntaxUID } = dataSetIn(readFileSync(object.path));
    if (isUnchangeable(transferSyntaxUID)) return [];
    const edits = randomEdits(before, transferSyntaxUID, EDITS, random);
    const after = changed(
      before,
      transferSyntaxUID,
      edits.map(({ operation }) => operation),
    );
    return [{ object, transferSyntaxUID, before, after, edits }];
  });
}

/** Is it what an operation has changed, or within that? Private attributes are put into group 0099. */
function isTouched(path: string, edits: readonly Edit[]): boolean {
  return path.includes('0099') || edits.some(({ operation }) => path.startsWith(operation.path));
}

describe('random edits of every object of the corpus', () => {
  it('leave all other attributes as they are, byte for byte and in their order', () => {
    for (const { object, transferSyntaxUID, before, after, edits } of edited(1)) {
      const untouched = (dataSet: Buffer): string[] =>
        valuesOf(dataSet, transferSyntaxUID)
          .filter(({ path }) => !isTouched(path, edits))
          .map(({ path, vr, bytes }) => `${path} ${vr.name} ${bytes.toString('base64')}`);
      assert.deepEqual(untouched(after), untouched(before), object.name);
    }
  });

  it('give what they say, and nothing that is odd', () => {
    for (const { object, transferSyntaxUID, before, after, edits } of edited(4)) {
      const model = (dataSet: Buffer): { tags: Model; warnings: string[] } => {
        const { message, warnings } = convert(bufferSource(dataSet), {
          transferSyntaxUID,
          includeCommonFieldsNode: false,
          includeReportNode: false,
          includeTagsNode: true,
          tagsFormat: 'dicom-json',
        });
        return { tags: message.Tags as Model, warnings: warnings.map(({ code, path }) => `${code} ${path}`) };
      };
      const [was, is] = [model(before), model(after)];
      for (const edit of edits)
        assertThere(is.tags, edit, `${object.name} ${JSON.stringify(edit.operation)}`);
      const more = is.warnings.filter((warning) => !was.warnings.includes(warning));
      assert.deepEqual(more, [], object.name);
    }
  });

  it('are read by pydicom', { skip: needs('pydicom') }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'dicom-edits-'));
    try {
      const all = edited(5).filter((_, index) => index % 3 === 0);
      const paths = all.map(({ object, transferSyntaxUID, after }, index) => {
        const path = join(folder, `${index}.dcm`);
        writeFileSync(path, Buffer.concat([fileMeta(readFileSync(object.path), transferSyntaxUID), after]));
        return path;
      });
      const models = pydicom(paths);
      let read = 0;
      all.forEach(({ object, edits }, index) => {
        const model = models.get(paths[index] ?? '');
        if (model === undefined) return;
        read += 1;
        for (const edit of edits)
          assertThere(model, edit, `${object.name} ${JSON.stringify(edit.operation)}`);
      });
      assert.ok(read > 0.8 * all.length, `${read} of ${all.length}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are all that dcmdump sees', { skip: needs('dcmtk') }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'dicom-edits-'));
    const path = join(folder, 'object');
    const dump = (dataSet: Buffer, { object, transferSyntaxUID }: Edited): string[] => {
      writeFileSync(path, Buffer.concat([fileMeta(readFileSync(object.path), transferSyntaxUID), dataSet]));
      const { stdout } = spawnSync('dcmdump', ['-q', '+L', path], {
        encoding: 'latin1',
        maxBuffer: 1e9,
        env: environment,
      });
      return stdout.split('\n').map(withoutLengths);
    };
    try {
      for (const each of edited(6).filter(isDumped)) {
        const tags = new Set(each.edits.map(({ operation }) => operation.path.slice(-8).toLowerCase()));
        const [before, after] = [dump(each.before, each), dump(each.after, each)];
        const odd = [...surplus(before, after), ...surplus(after, before)].filter(
          (line) => !line.split(' ').some((tag) => tags.has(tag) || tag.startsWith('0099')),
        );
        assert.deepEqual(odd, [], each.object.name);
        assert.ok(before.length > 10, each.object.name);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Some of them. dcmdump says of each record of a DICOMDIR what is in it. */
const isDumped = ({ object }: Edited, index: number): boolean =>
  index % 6 === 0 && !object.name.includes('DICOMDIR');

/** Without lengths of sequences and items, and how much is in them, which change around an edit; nor group lengths. */
function withoutLengths(line: string): string {
  const text = line.replace(/\s*#\s*(?:\d+|u\/l),.*$/, '').replace(/ #=\d+\)?$/, '');
  return /\([0-9a-f]{4},0000\)|\(fffe,e0[0d]d\)/.test(text) ? '' : text;
}

/** Lines that the one has and the other has not in the same place: by the tags and items around them. */
function surplus(one: string[], other: string[]): string[] {
  const others = new Set(placed(other));
  return placed(one).filter((line) => !others.has(line));
}

/** "00400275 0 00400007 …": what a line is in, its tag, and all of it. */
function placed(lines: string[]): string[] {
  const around: string[] = [];
  const items: number[] = [];
  return lines
    .filter((line) => /^\s*\(/.test(line))
    .map((line) => {
      const depth = (line.length - line.trimStart().length) / 2;
      const [, group = '', element = ''] = /^\s*\(([0-9a-f]{4}),([0-9a-f]{4})\)/.exec(line) ?? [];
      const isItem = `${group}${element}` === 'fffee000';
      items.length = Math.min(items.length, depth + 1);
      if (isItem) items[depth] = (items[depth] ?? -1) + 1;
      around.length = Math.min(around.length, depth);
      around[depth] = isItem ? String(items[depth]) : `${group}${element}`;
      return `${around.join(' ')} ${line.trim()}`;
    });
}

/** Fails unless an attribute is what an operation says. */
function assertThere(model: Model, { operation, vr }: Edit, what: string): void {
  const steps = operation.path.split('.');
  let within: Model | undefined = model;
  for (const step of steps.slice(0, -1)) {
    const [tag = '', index = ''] = step.split(/[[\]]/);
    within = within?.[tag]?.Value?.[Number(index)] as Model | undefined;
  }
  const last = steps.at(-1) ?? '';
  if (last.includes('"')) {
    const creators = Object.entries(within ?? {}).filter(([tag]) => /^009900..$/.test(tag));
    const [block] = creators.find(([, { Value }]) => Value?.[0] === last.split('"')[1]) ?? [];
    const tag = `0099${block?.slice(6) ?? '--'}${last.slice(-2).toUpperCase()}`;
    const attribute = within?.[tag];
    const value = operation.op === 'set' ? (operation.value as { Value: string[] }).Value[0] : undefined;
    // Implicit VR does not say that it is text.
    const text =
      attribute?.InlineBinary === undefined
        ? attribute?.Value?.[0]
        : Buffer.from(attribute.InlineBinary, 'base64').toString('latin1').trim();
    assert.equal(text, value, what);
    return;
  }
  const found = within?.[last];
  if (operation.op === 'remove') {
    assert.equal(found, undefined, what);
    return;
  }
  assert.equal(found?.vr, vr?.name, what);
  if (vr?.name === 'SQ') assert.equal(found?.Value?.length, 2, what);
  else if (found?.InlineBinary !== undefined)
    assert.deepEqual({ vr: found.vr, InlineBinary: found.InlineBinary }, operation.value, what);
  else assert.deepEqual(found?.Value, [operation.value].flat(), what);
}
