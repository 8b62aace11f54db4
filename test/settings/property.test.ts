import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DICOM_IMAGE } from '../../src/settings';

const problemOf = (property: string): string | undefined =>
  DICOM_IMAGE.parse({ ...DICOM_IMAGE.defaults, property }).problems[0]?.code;

test('a property of a message is written as Node-RED writes it', () => {
  for (const property of [
    'payload',
    ' payload.picture ',
    'bild.größe',
    'list[0].x',
    'payload["two words"]',
    "a['b'][msg.topic].c",
    '["odd name"]',
  ])
    assert.equal(problemOf(property), undefined, property);
  for (const property of ['pay load', 'payload.', '.payload', 'a..b', 'a[', 'a["b]', 'a[]', 'a"b'])
    assert.equal(problemOf(property), 'notAProperty', property);
  for (const property of ['msg.payload', ' msg.dicom.x[0]'])
    assert.equal(problemOf(property), 'beginsWithMsg', property);
  for (const property of ['msgs.payload', 'msg', 'msg[0]'])
    assert.equal(problemOf(property), undefined, property);
  assert.equal(problemOf('${PROPERTY}'), 'variableNotReplaced');
  assert.equal(problemOf(''), 'required');
  const long = `${'a'.repeat(50_000)}${'[0]'.repeat(20_000)} `;
  assert.equal(problemOf(`${long}x`), 'notAProperty');
});
