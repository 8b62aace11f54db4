import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { DICOM_IN, DICOM_RESPONSE, PORT_WITHOUT_PRIVILEGE, type Field } from '../../src/settings';
import { PACKAGE_DIR } from '../support/node-red';

interface Definition {
  category: string;
  color: string;
  icon: string;
  inputs: number;
  outputs: number;
  defaults: Record<
    string,
    { value: unknown; type?: string; required?: boolean; validate?: { length: number } }
  >;
}

const read = (type: string): string => readFileSync(join(PACKAGE_DIR, 'nodes', type, `${type}.html`), 'utf8');

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

const html = read('dicom-in');
const [type, literal] = definition(html);
const responseHtml = read('dicom-response');
const [responseType, response] = definition(responseHtml);

test('the type is registered with literals that need no other code', () => {
  assert.equal(type, 'dicom-in');
  assert.equal(literal.inputs, 0);
  assert.equal(literal.outputs, 1);
});

test('all nodes are one family: a category of their own, one colour, and an icon that is named as the type is', () => {
  for (const [name, { category, color, icon }] of [definition(html), definition(responseHtml)]) {
    assert.deepEqual({ category, color, icon }, { category: 'DICOM', color: '#9FCDCB', icon: `${name}.svg` });
    assert(existsSync(join(PACKAGE_DIR, 'icons', icon)), `icons/${icon} exists`);
  }
});

test('every setting has the default that src/settings gives it, and there is no other property', () => {
  const { outputs, version, ...values } = defaultValues(literal);
  assert.equal(outputs, 1);
  assert.equal(version, DICOM_IN.version);
  assert.deepEqual(values, JSON.parse(JSON.stringify(DICOM_IN.defaults)));
});

test('what a node from the palette begins with is another value of the same kind, which passes its check', () => {
  const initials = DICOM_IN.names.flatMap((name) => {
    const { initial, default: value }: Field = DICOM_IN.fields[name];
    return initial === undefined ? [] : [{ name, initial, value }];
  });
  assert.deepEqual(
    initials.map(({ name }) => name),
    ['collision', 'onlyThisMachine'],
  );
  for (const { name, initial, value } of initials) {
    assert.notEqual(initial, value, name);
    assert.equal(typeof initial, typeof value, name);
    assert.deepEqual(DICOM_IN.check(name, initial), [], name);
  }
  assert.deepEqual(DICOM_IN.check('port', PORT_WITHOUT_PRIVILEGE), []);
});

test('configuration nodes are of the type that src/settings gives them, and optional', () => {
  for (const name of DICOM_IN.names) {
    const { type: configType, required } = literal.defaults[name] ?? {};
    const field: Field = DICOM_IN.fields[name];
    assert.equal(configType, field.kind === 'node' ? field.nodeType : undefined, name);
    if (field.kind === 'node') assert.equal(required, false, name);
  }
});

test('validators take value and options, so that Node-RED shows their message', () => {
  for (const [name, { validate }] of Object.entries({ ...literal.defaults, ...response.defaults })) {
    if (validate !== undefined) assert.equal(validate.length, 2, name);
  }
});

test('every setting has an input with an id and a label for it', () => {
  for (const name of DICOM_IN.names) {
    const id = `node-input-${name}${DICOM_IN.fields[name].kind === 'list' ? '-list' : ''}`;
    assert(html.includes(`id="${id}"`), `${id} is there`);
    // What is kept of an import is shown as a report.
    if (name === 'imported') continue;
    // A code editor or a list stands in for a hidden input.
    const isHidden = html.includes(`<input type="hidden" id="${id}"`);
    assert(html.includes(isHidden ? `<label id="dicom-in-` : `for="${id}"`), `${id} has a label`);
  }
});

test('dicom-response is registered with literals, the defaults of src/settings, and an input for each property', () => {
  assert.equal(responseType, 'dicom-response');
  assert.deepEqual([response.inputs, response.outputs], [1, 0]);
  const { version, ...values } = defaultValues(response);
  assert.equal(version, DICOM_RESPONSE.version);
  assert.deepEqual(values, DICOM_RESPONSE.defaults);
  for (const name of DICOM_RESPONSE.names) {
    assert(responseHtml.includes(`id="node-input-${name}"`), `input of ${name}`);
    assert(responseHtml.includes(`for="node-input-${name}"`), `label of ${name}`);
  }
});
