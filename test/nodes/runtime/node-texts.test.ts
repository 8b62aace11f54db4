import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NodeAPI } from 'node-red';
import { nodeTexts, problemText } from '../../../nodes/runtime/node-texts';

it('words are of the catalogue of the type that they are of, whichever node says them', () => {
  const RED = { _: (key: string) => key } as unknown as NodeAPI;
  const text = nodeTexts(RED, 'dicom-peer');
  const problem = { field: 'host', code: 'required', values: {}, severity: 'error' } as const;
  const catalogue = 'node-red-contrib-dicom/dicom-peer:dicom-peer';
  assert.equal(problemText(text, problem), `${catalogue}.label.host: ${catalogue}.problem.required`);
});
