import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instancesOf } from '../../../nodes/runtime/objects/instance-list';
import { ListSending, type ListNode } from '../../../nodes/dicom-out/runtime/list-sending';
import { OutFailed } from '../../../nodes/dicom-out/runtime/out-error';
import type { SendOutcome } from '../../../src/sender';
import { assertLinear } from '../../support/machine/linear';

const SENT: SendOutcome = { kind: 'sent', text: 'success', attempts: 1, milliseconds: 1 };
const FAILED: SendOutcome = { kind: 'failed', text: 'no', attempts: 1, milliseconds: 1 };

const listOf = (count: number): NonNullable<ReturnType<typeof instancesOf>> => {
  const entries = Array.from({ length: count }, (_, at) => ({
    SOPInstanceUID: `1.2.${at}`,
    queueId: `in:${at}`,
  }));
  return instancesOf({ _msgid: '', payload: { series: [{ instances: entries }] } }) ?? [];
};

/** A node that does as it is told with each instance, by its number. */
function node(
  deliver: ListNode<number>['deliver'],
  failures: OutFailed[] = [],
): ListNode<number> & { close(): void } {
  let isClosed = false;
  return {
    close: () => (isClosed = true),
    isClosed: () => isClosed,
    prepare: ({ dicom }) => Promise.resolve(Number(String(dicom?.queueId).slice(3))),
    deliver,
    facts: (id, { text }) => ({ sent: { id, statusText: text } }),
    error: ({ failure }) => ({ message: failure, code: failure }),
    notBegun: () => undefined,
    failed: (_, failed) => void failures.push(failed),
  };
}

describe('a list that is sent', () => {
  it('has a bounded number on the way at a time, in its order', async () => {
    let now = 0;
    let most = 0;
    const begun: number[] = [];
    const list = new ListSending(
      node(async (number, _, heard) => {
        begun.push(number);
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        heard('id', SENT);
        return undefined;
      }),
      listOf(1_000),
    );
    await list.run();
    assert.equal(most, 64);
    assert.deepEqual(begun, [...Array(1_000).keys()]);
    assert.deepEqual([list.isFinal, list.totals.done, list.notBegun], [true, 1_000, 0]);
  });

  it('is tried from the last one on that got through', async () => {
    const since: number[] = [];
    const list = new ListSending(
      node(async (number, from, heard) => {
        since[number] = from;
        await new Promise((resolve) => setTimeout(resolve, 5));
        heard('id', number < 64 ? SENT : FAILED);
        return number < 64 ? undefined : new OutFailed('unreachable');
      }),
      listOf(200),
    );
    await list.run();
    assert.equal(since[1], since[0]);
    assert.ok((since[199] ?? 0) > (since[0] ?? Infinity), 'since the first ones were sent');
    assert.equal(since[199], since[150], 'and not since others have failed');
    assert.deepEqual([list.totals.done, list.totals.failed], [64, 136]);
  });

  it('is not final where the node closes meanwhile; those that had failed by then are told of', async () => {
    const failures: OutFailed[] = [];
    const closing = node((number, _, heard) => {
      if (number === 1) {
        heard('id', { ...FAILED, failure: 'refused' });
        return Promise.resolve(new OutFailed('refused'));
      }
      if (number === 2) closing.close();
      return Promise.resolve(undefined);
    }, failures);
    const list = new ListSending(closing, listOf(10));
    await list.run();
    assert.equal(list.isFinal, false);
    assert.deepEqual(
      failures.map(({ failure }) => failure),
      ['refused'],
    );
  });
});

it('a list is read in linear time', () =>
  assertLinear(
    20_000,
    (size) => () => {
      listOf(size);
    },
    'instances',
  ));
