import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FaultKind } from '../../src/receiver';
import { FIELD_NAMES, FIELDS, type ProblemCode } from '../../src/settings';
import { PACKAGE_DIR } from '../support/node-red';

const nodes = join(PACKAGE_DIR, 'nodes');
const read = (...path: string[]): string => readFileSync(join(nodes, ...path), 'utf8');

/** The compiler keeps this list complete, and the next. */
const PROBLEM_CODES: Record<ProblemCode, true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  aeTitleTooLong: true,
  aeTitleCharacter: true,
  aeTitleWildcard: true,
  emptyAllowList: true,
  notAnAddress: true,
  notAHostRange: true,
  notAUid: true,
  templateKeyword: true,
  templateTraversal: true,
  directoryNeeded: true,
  tlsNeeded: true,
  nothingIncluded: true,
};

const FAULTS: Record<FaultKind, true> = {
  portInUse: true,
  needsPrivilege: true,
  addressNotAvailable: true,
  listenFailed: true,
  queueUnusable: true,
  queueLeftover: true,
  notConverted: true,
  workerCrashed: true,
  settingsInvalid: true,
  tlsMissing: true,
};

/** Short texts that the runtime can show. */
const STATUS = [
  'starting',
  'listening',
  'counts',
  'countsRefused',
  'portInUse',
  'needsPrivilege',
  'settings',
  'tls',
  'restarting',
  'stopped',
  'queueFull',
  'error',
];

function usedKeys(): Set<string> {
  const used = new Set<string>();
  for (const [, key] of read('dicom-in.html').matchAll(/data-i18n="(?:\[\w+\])?dicom-in\.([\w.-]+)"/g)) {
    if (key !== undefined) used.add(key);
  }
  const editorCode = readdirSync(nodes)
    .filter((file) => file.endsWith('.editor.ts'))
    .map((file) => read(file))
    .join('\n');
  // Keys are written out, except those made of a setting's, tab's or problem's name, which follow here.
  for (const [key] of editorCode.matchAll(
    /(?<=')(?:hint|warning|output|option|section)\.[A-Za-z]+(?:\.[A-Za-z]+)*(?=')/g,
  )) {
    used.add(key);
  }
  for (const name of FIELD_NAMES) {
    used.add(`label.${name}`).add(`hint.${name}`);
    const field = FIELDS[name];
    if (field.kind === 'choice') field.choices.forEach((choice) => used.add(`option.${name}.${choice}`));
  }
  const tabs = /const TABS = \[([^\]]*)\]/.exec(editorCode)?.[1] ?? '';
  for (const [, tab] of tabs.matchAll(/'(\w+)'/g)) used.add(`tab.${tab}`);
  for (const code of Object.keys(PROBLEM_CODES)) used.add(`problem.${code}`);
  for (const key of STATUS) used.add(`status.${key}`);
  for (const kind of Object.keys(FAULTS)) used.add(`error.${kind}`);
  return used;
}

/** The catalogue, flat: key with dots → text. */
function catalogue(language: string): Map<string, string> {
  const texts = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') texts.set(path, value);
    else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    }
  };
  const json = JSON.parse(read('locales', language, 'dicom-in.json')) as Record<string, unknown>;
  assert.deepEqual(Object.keys(json), ['dicom-in']);
  walk(json['dicom-in'], '');
  return texts;
}

for (const language of readdirSync(join(nodes, 'locales'))) {
  const texts = catalogue(language);

  test(`${language}: every key that is used exists, and every key that exists is used`, () => {
    assert.deepEqual([...texts.keys()].sort(), [...usedKeys()].sort());
  });

  test(`${language}: no text is empty`, () => {
    for (const [key, text] of texts) assert.notEqual(text.trim(), '', key);
  });

  test(`${language}: statuses stay under 20 characters with values filled in`, () => {
    const values: Record<string, string> = {
      port: '65535',
      associations: '50',
      objects: '123.4k',
      refused: '123.4k',
    };
    for (const key of STATUS) {
      const text = (texts.get(`status.${key}`) ?? '').replace(
        /__(\w+?)__/g,
        (_, name: string) => values[name] ?? '',
      );
      assert(text.length < 20, `${key}: ${text}`);
    }
  });

  test(`${language}: the help is markdown for dicom-in and begins with one plain sentence`, () => {
    const help = read('locales', language, 'dicom-in.html');
    assert.match(help, /^<script type="text\/markdown" data-help-name="dicom-in">\n[^#<*`\n]+\.\n\n/);
    for (const heading of ['Outputs', 'Details', 'References']) {
      if (language === 'en-US') assert.match(help, new RegExp(`^### ${heading}$`, 'm'));
    }
  });
}

test('all languages put the same values into a text', () => {
  const english = catalogue('en-US');
  const values = (text = ''): string[] => [...text.matchAll(/__(\w+?)__/g)].map(([name]) => name).sort();
  for (const language of readdirSync(join(nodes, 'locales'))) {
    for (const [key, text] of catalogue(language)) {
      assert.deepEqual(values(text), values(english.get(key)), `${language} ${key}`);
    }
  }
});
