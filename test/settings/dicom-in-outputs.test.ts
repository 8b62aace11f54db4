import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DICOM_IN, outputsOf } from '../../src/settings';

it('flows of before there were queries have the outputs that they had', () => {
  for (const [old, outputs] of [
    [{}, 1],
    [{ emitEvents: false }, 1],
    [{ emitEvents: true }, 2],
    [{ emitEvents: 'true', version: 1 }, 2],
    [{ answerQueries: ['worklist'] }, 3],
    [{ answerQueries: 'study,worklist', emitEvents: true }, 3],
    [{ answerMpps: 'at-once' }, 4],
    [{ answerMpps: 'flow', answerQueries: ['study'], emitEvents: true }, 4],
  ] as const) {
    const { settings, problems } = DICOM_IN.parse({ acceptedCallingAETs: 'CT01', ...old });
    assert.deepEqual([outputsOf(settings), problems], [outputs, []], JSON.stringify(old));
  }
  const { settings } = DICOM_IN.parse({});
  assert.deepEqual(
    [settings.answerQueries, settings.answerMpps, settings.queryDeadlineSeconds],
    [[], 'off', 30],
  );
  assert.equal(DICOM_IN.version, 1);
});
