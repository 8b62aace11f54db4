import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { payloadSettingsOf } from '../../../../nodes/runtime/objects/payload-settings';
import { deployedNodes } from '../../../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../../../nodes/runtime/queues/queue-owner';
import { payloadOf, type PayloadSettings } from '../../../../src/message';
import { DICOM_IN } from '../../../../src/settings';

class Owner extends QueueOwner {
  readonly receiver = undefined;
  readonly isAcknowledged = true;
  readonly answersWithinSeconds = undefined;

  override get payload(): PayloadSettings {
    return {
      ...payloadOf(DICOM_IN.defaults),
      leaveOutEmpty: true,
      maxMessageMB: 7,
      tagsFormat: 'dicom-json',
    };
  }
}

before(() => deployedNodes.add('in', new Owner()));
after(() => deployedNodes.remove('in'));

const sections = (payload: unknown, dicom: object = {}): unknown[] => {
  const made = payloadSettingsOf({ payload, dicom });
  return [made.includeCommonFieldsNode, made.includeReportNode, made.includeTagsNode, made.tagsFormat];
};

it('the payload of a changed object has the sections and the layout of the one before', () => {
  assert.deepEqual(sections({ CommonFields: {} }), [true, false, false, 'keyword']);
  assert.deepEqual(sections({ Tags: { SOPInstanceUID: '1' } }), [false, false, true, 'keyword']);
  assert.deepEqual(sections({ Report: {}, Tags: { '00080018': { vr: 'UI' } } }), [
    false,
    true,
    true,
    'dicom-json',
  ]);
  assert.deepEqual(sections({ Tags: { '00100020': {} } }), [false, false, true, 'dicom-json']);
  assert.deepEqual(sections({ Tags: {} }), [false, false, true, 'keyword']);
});

it('what is no DicomMessage is replaced by one with all sections', () => {
  for (const payload of [undefined, null, 'text', 7, [], [{ id: 1 }], Buffer.from('x'), { rows: [] }])
    assert.deepEqual(sections(payload), [true, true, true, 'keyword']);
});

it('the rest is as the node makes it that has received the object', () => {
  const made = payloadSettingsOf({ payload: { CommonFields: {} }, dicom: { queueId: 'in:1' } });
  assert.deepEqual([made.leaveOutEmpty, made.maxMessageMB, made.includeTagsNode], [true, 7, false]);
  assert.deepEqual(sections('other', { acknowledgeId: 'in:1' }), [true, true, true, 'dicom-json']);
});
