import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Field } from '../../src/settings';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { NODE_TYPES, readBuilt, readNode, settingsOf } from '../support/package/node-types';
import { wordsOf } from './words';

const nodes = join(PACKAGE_DIR, 'nodes');

/** Statuses with a shorter form, which is shown where they do not fit (receiver-status.test.ts). */
const SHORTENED = ['countsOpen', 'countsRefused', 'backlogAndDeadLetters', 'draining'];

/** Statuses that say so much that they are longer: who reads them looks for when it goes on. */
const LONG = ['down'];

/** Keys written out in the html, in the editor's code and in the runtime's, of a type or of what all share. */
function writtenKeys(folder: string): Set<string> {
  const used = new Set<string>();
  const add = (code: string, pattern: RegExp): void => {
    for (const [, key] of code.matchAll(pattern)) if (key !== undefined) used.add(key);
  };
  if (NODE_TYPES.includes(folder)) {
    const i18n = new RegExp(`data-i18n="(?:\\[[\\w-]+\\])?${folder}\\.([\\w.-]+)"`, 'g');
    const html = readBuilt(folder, `${folder}.html`);
    add(html, i18n);
    for (const [, name] of html.matchAll(new RegExp(`id="${folder}-list-(\\w+)"`, 'g')))
      used.add(`placeholder.${name}`);
  }
  add(
    codeIn(folder),
    /'((?:form|list|tree|rule|secret|pseudonym|placeholder|hint|warning|output|option|section|deadLetters|journal|importExport|sample|request|commitment|feedback|echo|button|outbox|open)\.[A-Za-z]+(?:\.[A-Za-z]+)*)'/g,
  );
  return used;
}

/** Of a folder of nodes: editor and runtime. */
function codeIn(folder: string): string {
  return readdirSync(join(nodes, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readNode(folder, file))
    .join('\n');
}

/** Of its dialog's tabs. */
function tabKeys(type: string): string[] {
  const tabs = /const TABS = \[([^\]]*)\]/.exec(codeIn(type))?.[1] ?? '';
  return [...tabs.matchAll(/'(\w+)'/g)].map(([, tab]) => `tab.${tab}`);
}

/** All that a type uses but for what all dialogs use. */
function usedKeys(type: string): Set<string> {
  const used = writtenKeys(type);
  const { names, fields } = settingsOf(type);
  used.add('label.version');
  for (const name of names) {
    used.add(`label.${name}`).add(`hint.${name}`);
    const field = fields[name] as Field;
    const { choices = [] } = field.kind === 'choice' || field.kind === 'list' ? field : {};
    choices.forEach((choice) => used.add(`option.${name}.${choice}`));
  }
  const { problems, errors = {}, status = [], keys = [] } = wordsOf(type);
  const made = [
    ...tabKeys(type),
    ...Object.keys(problems).map((code) => `problem.${code}`),
    ...Object.keys(errors).map((kind) => `error.${kind}`),
    ...status.map((key) => `status.${key}`),
    ...keys,
  ];
  // Which of them are said: test/edit/check-rule.
  const reasons = [...ownTexts(type, 'en-US').keys()].filter((key) => key.startsWith('rule.reason.'));
  return new Set([...used, ...made, ...reasons]);
}

/** In the order in which Node-RED's own help has them; what a node has not is left out. */
const HEADINGS: Record<string, Record<'inputs' | 'outputs' | 'rest', readonly string[]>> = {
  'en-US': { inputs: ['Inputs'], outputs: ['Outputs'], rest: ['Details', 'References'] },
  de: { inputs: ['Eingangsdaten'], outputs: ['Ausgangsdaten'], rest: ['Details', 'Referenzen'] },
};

function headingsOf(type: string, language: string): string[] {
  const html = readNode(type, `${type}.html`);
  const { inputs, outputs, rest } = HEADINGS[language] ?? assert.fail(`headings in ${language}`);
  const has = (ports: string): boolean => new RegExp(`^ +${ports}: [1-9]`, 'm').test(html);
  return [...(has('inputs') ? inputs : []), ...(has('outputs') ? outputs : []), ...rest];
}
/** Texts, flat: key with dots → text. */
function flat(tree: unknown): Map<string, string> {
  const texts = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') texts.set(path, value);
    else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    }
  };
  walk(tree, '');
  return texts;
}

function underType(type: string, json: string): Map<string, string> {
  const catalogue = JSON.parse(json) as Record<string, unknown>;
  assert.deepEqual(Object.keys(catalogue), [type]);
  return flat(catalogue[type]);
}

/** A type's own texts. */
const ownTexts = (type: string, language: string): Map<string, string> =>
  underType(type, readNode(type, 'locales', language, `${type}.json`));
/** As Node-RED gets them: with those that all dialogs share. */
const catalogue = (type: string, language: string): Map<string, string> =>
  underType(type, readBuilt(type, 'locales', language, `${type}.json`));
const sharedTexts = (language: string): Map<string, string> =>
  flat(JSON.parse(readNode('editor', 'locales', `${language}.json`)));

const help = (type: string, language: string): string => readNode(type, 'locales', language, `${type}.html`);

const languages = readdirSync(join(nodes, 'dicom-in', 'locales'));

for (const language of languages) {
  test(`${language}: every text that all dialogs share is used, by them or by a type`, () => {
    const used = new Set([...writtenKeys('editor'), ...NODE_TYPES.flatMap((type) => [...usedKeys(type)])]);
    const shared = [...sharedTexts(language).keys()];
    assert.deepEqual(
      shared.filter((key) => !used.has(key)),
      [],
    );
    assert.deepEqual(shared, [...sharedTexts('en-US').keys()]);
  });
}

for (const type of NODE_TYPES) {
  for (const language of languages) {
    const texts = catalogue(type, language);

    test(`${type}, ${language}: every key that is used exists, and every key that exists is used`, () => {
      const used = new Set([...usedKeys(type), ...writtenKeys('editor')]);
      const missing = [...used].filter((key) => !texts.has(key));
      const unused = [...ownTexts(type, language).keys()].filter((key) => !used.has(key));
      assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
    });

    test(`${type}, ${language}: no text is empty`, () => {
      for (const [key, text] of texts) assert.notEqual(text.trim(), '', key);
    });

    test(`${type}, ${language}: statuses stay under 20 characters with values filled in`, () => {
      const values: Record<string, string> = {
        port: '65535',
        associations: '50',
        // The longest that the status makes of a number.
        objects: '999k',
        deadLetters: '9999',
        delivered: '999k',
        queued: '999k',
        setting: 'Port',
        status: 'C000',
        count: '9999',
      };
      for (const key of (wordsOf(type).status ?? []).filter(
        (name) => ![...SHORTENED, ...LONG].includes(name),
      )) {
        const text = (texts.get(`status.${key}`) ?? '').replace(
          /__(\w+?)__/g,
          (_, name: string) => values[name] ?? '',
        );
        assert(text.length < 20, `${key}: ${text}`);
      }
    });

    test(`${type}, ${language}: the help is markdown and begins with one plain sentence`, () => {
      const begin = new RegExp(`^<script type="text/markdown" data-help-name="${type}">\n[^#<*\`\n]+\\.\n\n`);
      assert.match(help(type, language), begin);
      for (const heading of headingsOf(type, language)) {
        assert.match(help(type, language), new RegExp(`^### ${heading}$`, 'm'));
      }
    });
  }

  test(`${type}: all languages put the same values into a text`, () => {
    const english = catalogue(type, 'en-US');
    const values = (text = ''): string[] => [...text.matchAll(/__(\w+?)__/g)].map(([name]) => name).sort();
    for (const language of languages) {
      for (const [key, text] of catalogue(type, language)) {
        assert.deepEqual(values(text), values(english.get(key)), `${language} ${key}`);
      }
    }
  });
}

/** Words for which the texts have others, and turns over which readers stumbled: a number has its name. */
const NOT_SAID: Record<string, RegExp> = {
  'en-US': /\b(?:any more|so (?:many|much|long|often)|told of|refusal|remote entity)\b/i,
  de: /Verzeichnis|Dead Letter|\bAssociation\b(?!-)|\bKeyword|vorgemerkt|\bPlatte\b|eigene[nr] AE-Titel|so viele\b/i,
};

for (const language of languages)
  test(`${language}: dialogs and helps have one word for a thing`, () => {
    const said = NODE_TYPES.flatMap((type) => [help(type, language), ...catalogue(type, language).values()]);
    const found = said.flatMap(
      (text) => NOT_SAID[language]?.exec(text.replaceAll(/<[^>]*>/g, ''))?.[0] ?? [],
    );
    assert.deepEqual(found, []);
  });

/** The page that a help leads to, because it would be too long with it. */
function pageOf(type: string, language: string, page: string): string {
  assert(help(type, language).includes(`/docs/${page})`), `the help leads to ${page}`);
  return readFileSync(join(PACKAGE_DIR, 'docs', page), 'utf8');
}

/** Where a type's codes and statuses are explained. */
function explanation(type: string, language: string): string {
  // A long code may be broken where the sidebar is narrow.
  const words = help(type, language).replaceAll('<wbr>', '');
  if (type === 'dicom-in')
    return pageOf(type, language, language === 'en-US' ? 'dicom-in.md' : `dicom-in.${language}.md`);
  return type === 'dicom-watch' ? words + pageOf(type, language, 'watching.md') : words;
}

for (const type of NODE_TYPES) {
  for (const language of languages) {
    test(`the help of ${type}, ${language}, explains the code of every error that its Catch node gets`, () => {
      const page = explanation(type, language);
      const isExplained = (code: string): boolean =>
        new RegExp(`^(?:\\| (?:[A-Z_]+, )*${code}[ ,]|- \\*\\*${code}\\*\\*)`, 'm').test(page);
      const codes = Object.values(wordsOf(type).errors ?? {}).filter((code) => code !== undefined);
      assert.deepEqual(
        codes.filter((code) => !isExplained(code)),
        [],
      );
    });

    test(`the help of ${type}, ${language}, explains every status`, () => {
      const page = explanation(type, language);
      const texts = catalogue(type, language);
      for (const key of (wordsOf(type).status ?? []).filter(
        (name) => !['starting', 'countsRefused'].includes(name),
      )) {
        const words = (texts.get(`status.${key}`) ?? '').split(/__\w+?__/).map((word) => word.trim());
        const line = page
          .split('\n')
          .find((one) => one.startsWith('- **') && words.every((word) => one.includes(word)));
        assert(line !== undefined, key);
      }
    });
  }

  test(`${type}: the help has the same parts in all languages`, () => {
    const parts = (language: string): string[] =>
      help(type, language)
        .split('\n')
        .filter((line) => /^(#{3,4} |\| |- |: |\d\. |```)/.test(line))
        .map((line) => /^(#+|\||-|:|\d|`+)/.exec(line)?.[0] ?? '');
    for (const language of languages) assert.deepEqual(parts(language), parts('en-US'), language);
  });
}

for (const language of languages) {
  test(`the help of dicom-in, ${language}, is short, and names the settings that decide what is lost or left out`, () => {
    const words = help('dicom-in', language);
    assert(words.length < 6_500, `${words.length} characters`);
    const texts = catalogue('dicom-in', language);
    const settings = [
      'placeForHours',
      'maxCrashes',
      'maxMessageMB',
      'maxMessageElements',
      'onlyThisMachine',
    ] as const;
    for (const name of [...settings, 'defaultCharacterSet', 'leaveOutEmpty', 'alsoCalledAETs'] as const) {
      assert(words.replace(/\s+/g, ' ').includes(`*${texts.get(`label.${name}`)}`), name);
    }
  });

  test(`no text of dicom-in, ${language}, sends a reader to Node-RED's log, which may be silent`, () => {
    for (const [key, words] of catalogue('dicom-in', language))
      assert.doesNotMatch(words, /\b(?:the|its|this) log\b|\b(?:im|seinem|das) Log\b/i, key);
  });
}
