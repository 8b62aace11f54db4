import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import {
  DICOM_IN,
  PEER_CREDENTIALS,
  PORT_WITHOUT_PRIVILEGE,
  QUEUE_CREDENTIALS,
  type Field,
} from '../../src/settings';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { NODE_TYPES, readBuilt, readNode, settingsOf } from '../support/package/node-types';

interface Definition {
  category: string;
  color: string;
  icon: string;
  inputs: number;
  outputs: number;
  credentials?: unknown;
  defaults: Record<
    string,
    { value: unknown; type?: string; required?: boolean; validate?: { length: number } }
  >;
}

/** The definition as the flow library's scorecard sees it: the literal in the html, without any other code. */
function definition(html: string): [string, Definition] {
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html)?.[1];
  assert(script !== undefined, 'the html has a script');
  let registered: [string, Definition] | undefined;
  const registerType = (type: string, literal: Definition): void => void (registered = [type, literal]);
  runInNewContext(script, { RED: { nodes: { registerType } } });
  assert(registered !== undefined, 'the script registers a type');
  return registered;
}

/** As JSON, which drops the other realm's prototypes. */
function defaultValues({ defaults }: Definition): Record<string, unknown> {
  const values = Object.entries(defaults).map(([name, { value }]) => [name, value]);
  return JSON.parse(JSON.stringify(Object.fromEntries(values))) as Record<string, unknown>;
}

/** Inputs and outputs, where they are not one each; `outputs` is a property where their number is the user's. */
const PORTS: Record<string, [inputs: number, outputs: number, property?: number]> = {
  'dicom-in': [0, 1, 1],
  'dicom-response': [1, 0],
  'dicom-out': [1, 1, 1],
  'dicom-retrieve': [1, 2],
  'dicom-deidentify': [1, 2],
  'dicom-watch': [0, 1],
};

/** As Node-RED writes it: so that ids are new ones where nodes are copied. */
function nodeTypeOf(field: Field): string | undefined {
  if (field.kind === 'node') return field.nodeType;
  // One that is none of configuration: as link nodes have it, so that no dialog makes a list of configuration nodes of it.
  return (field.kind === 'list' || field.kind === 'text') && field.nodeType !== undefined
    ? `${field.nodeType}[]`
    : undefined;
}

for (const type of NODE_TYPES) {
  const [registered, literal] = definition(readNode(type, `${type}.html`));
  const settings = settingsOf(type);

  const isConfig = literal.category === 'config';

  test(`${type} is registered with literals that need no other code`, () => {
    assert.equal(registered, type);
    if (isConfig) return;
    const [inputs, outputs] = PORTS[type] ?? [1, 1];
    assert.deepEqual([literal.inputs, literal.outputs], [inputs, outputs]);
  });

  // A configuration node is neither in the palette nor in the workspace.
  if (!isConfig) {
    test(`${type} is of the family: its category, its colour, and an icon that is named as the type is`, () => {
      const { category, color, icon } = literal;
      assert.deepEqual(
        { category, color, icon },
        { category: 'DICOM', color: '#9FCDCB', icon: `${type}.svg` },
      );
      assert(existsSync(join(PACKAGE_DIR, 'icons', icon)), `icons/${icon} exists`);
    });
  }

  test(`${type}: every setting has the default that src/settings gives it, and there is no other property`, () => {
    const { outputs, version, ...values } = defaultValues(literal);
    assert.equal(outputs, PORTS[type]?.[2]);
    assert.equal(version, settings.version);
    assert.deepEqual(values, JSON.parse(JSON.stringify(settings.defaults)));
  });

  test(`${type}: configuration nodes are of the type that src/settings gives them, and optional unless a validator asks for them`, () => {
    for (const name of settings.names) {
      const { type: configType, required, validate } = literal.defaults[name] ?? {};
      const expected = nodeTypeOf(settings.fields[name] as Field);
      assert.equal(configType, expected, name);
      // Node-RED asks no validator about an optional one that is empty.
      if (expected !== undefined) assert.equal(required, validate === undefined ? false : undefined, name);
    }
  });

  test(`${type}: validators take value and options, so that Node-RED shows their message`, () => {
    for (const [name, { validate }] of Object.entries(literal.defaults)) {
      if (validate !== undefined) assert.equal(validate.length, 2, name);
    }
  });

  test(`${type}: every setting that may be wrong has a validator`, () => {
    for (const name of settings.names) {
      const field = settings.fields[name] as Field;
      const isChecked = field.check('\u0000 wrong').some(({ severity }) => severity === 'error');
      if (isChecked) assert(literal.defaults[name]?.validate !== undefined, name);
    }
    assert(literal.defaults['version']?.validate !== undefined);
  });

  test(`${type}: every setting has an input with an id and a label for it`, () => {
    const html = readBuilt(type, `${type}.html`);
    for (const name of settings.names) {
      if ((settings.fields[name] as Field).isPlanned === true) {
        assert(!html.includes(`${type}.label.${name}`), `${name} is not built yet`);
        continue;
      }
      const id = `${isConfig ? 'node-config-input-' : 'node-input-'}${name}${['list', 'rows'].includes(settings.fields[name]?.kind ?? '') ? '-list' : ''}`;
      assert(html.includes(`id="${id}"`), `${id} is there`);
      // What is kept of an import is shown as a report.
      if (name === 'imported') continue;
      // A list of entries, or a part of the dialog with its own label, stands in for a hidden input.
      const isHidden = html.includes(`<input type="hidden" id="${id}"`);
      assert(html.includes(isHidden ? `${type}.label.${name}` : `for="${id}"`), `${id} has a label`);
    }
    assert(!html.includes('<form-field'), 'every row is made');
  });
}

test('what a dicom-in node from the palette begins with is another value of the same kind, which passes its check', () => {
  const initials = DICOM_IN.names.flatMap((name) => {
    const { initial, default: value }: Field = DICOM_IN.fields[name];
    return initial === undefined ? [] : [{ name, initial, value }];
  });
  assert.deepEqual(
    initials.map(({ name }) => name),
    ['collision', 'onlyThisMachine', 'keepDeliveredSeconds'],
  );
  for (const { name, initial, value } of initials) {
    assert.notEqual(initial, value, name);
    assert.equal(typeof initial, typeof value, name);
    assert.deepEqual(DICOM_IN.check(name, initial), [], name);
  }
  assert.deepEqual(DICOM_IN.check('port', PORT_WITHOUT_PRIVILEGE), []);
});

for (const [type, expected] of [
  ['dicom-peer', PEER_CREDENTIALS],
  ['dicom-queue', QUEUE_CREDENTIALS],
] as const) {
  test(`${type} has an input for each of its credentials`, () => {
    const html = readBuilt(type, `${type}.html`);
    const [, { credentials }] = definition(readNode(type, `${type}.html`));
    assert.deepEqual(JSON.parse(JSON.stringify(credentials)), expected);
    for (const [name, credential] of Object.entries(expected)) {
      assert(html.includes(`<input type="${credential.type}" id="node-config-input-${name}"`), name);
      assert(html.includes(`for="node-config-input-${name}"`), name);
    }
  });
}
