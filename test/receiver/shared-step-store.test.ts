import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SharedState } from '../../src/queue';
import { SharedStepStore } from '../../src/receiver/steps';

const STEP = { sopInstanceUID: '1.2', state: 'in-progress' } as Parameters<SharedStepStore['write']>[0];

it('a step of which nobody knows whether it was written is looked for until it has been, whatever happens meanwhile', async () => {
  /** What the database is asked for in `takeOver`, and what answers that. */
  const asked: unknown[] = [];
  let answer: (error?: Error) => void = () => undefined;
  const rows = (text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> => {
    if (!text.includes('UPDATE')) return Promise.reject(new Error('lost'));
    asked.push(values.at(-1));
    return new Promise((resolve, reject) => {
      answer = (error) => (error === undefined ? resolve([]) : reject(error));
    });
  };
  const state = { schema: 'dicom', queue: 'q', number: 7, lives: () => 'true', rows };
  const store = new SharedStepStore(state as unknown as SharedState, 'node');
  const first = store.takeOver();
  await assert.rejects(store.write(STEP, undefined), /lost/);
  answer();
  await first;
  const second = store.takeOver();
  answer(new Error('away'));
  await assert.rejects(second, /away/);
  const third = store.takeOver();
  answer();
  await third;
  void store.takeOver();
  assert.deepEqual(asked, [[], ['1.2'], ['1.2'], []]);
});
