import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { putNewObject } from '../../../../nodes/runtime/objects/new-object';
import type { ObjectMessage } from '../../../../nodes/runtime/objects/message-object';
import { isNameOf } from '../../../../src/queue';

const OBJECT_ID = `1780000000000-0000000001-1234-89abcdef-${'0123456789abcdef'.repeat(2)}`;
const made = { payload: { CommonFields: {} }, topic: '1.2.3', dicom: { sopInstanceUID: '1.2.4', size: 10 } };

function message(): ObjectMessage {
  return {
    _msgid: 'm',
    payload: 'old',
    filename: '/old',
    dicom: {
      queueId: `node:${OBJECT_ID}`,
      file: '/old',
      sopInstanceUID: '1.2.3',
      changes: { version: 1 },
      object: Buffer.from('old'),
    },
  };
}

describe('a new object in a message', () => {
  it('is the only one that the message opens', () => {
    const changed = message();
    putNewObject(changed, { filename: '/new' }, made);
    const { dicom, filename, payload } = changed;
    assert.equal(filename, '/new');
    assert.deepEqual(payload, made.payload);
    const { acknowledgeId, ...rest } = dicom ?? {};
    assert.deepEqual(rest, made.dicom);
    assert.ok(isNameOf(String(acknowledgeId).slice('node:'.length), OBJECT_ID), 'acknowledges the old one');
  });

  it('leaves an acknowledge id as it is, and goes into memory where told', () => {
    const changed = message();
    Object.assign(changed.dicom ?? {}, { acknowledgeId: 'node:other' });
    const object = Buffer.from('new');
    putNewObject(changed, { object }, { dicom: { sopInstanceUID: '1.2.4' } });
    assert.equal(changed.payload, 'old');
    assert.equal(changed.filename, undefined);
    assert.deepEqual(changed.dicom, { sopInstanceUID: '1.2.4', acknowledgeId: 'node:other', object });
  });
});
