import assert from 'node:assert/strict';
import { Socket, type TcpNetConnectOpts } from 'node:net';
import { describe, it } from 'node:test';
import { connectTo } from '../../../src/network/scu/connect';
import type { ReadBuffer } from '../../../src/network/upper-layer';

/** How long one of a name's addresses is tried, milliseconds. */
function eachAddressMs(timeoutSeconds: number): number {
  const asked: TcpNetConnectOpts[] = [];
  const connect = (to: TcpNetConnectOpts): Socket => {
    asked.push(to);
    return new Socket();
  };
  connectTo({ host: 'pacs', port: 104 }, timeoutSeconds, { connect } as unknown as ReadBuffer);
  return asked[0]?.autoSelectFamilyAttemptTimeout ?? Infinity;
}

describe('a name with several addresses', () => {
  it('has each tried for long enough for a slow line', () => {
    assert.equal(eachAddressMs(10), 2_500);
    assert.equal(eachAddressMs(3_600), 2_500);
  });

  it('has others tried within a short connect timeout, too, when nothing answers at the first', () => {
    for (const seconds of [1, 2, 3, 0.01]) {
      const each = eachAddressMs(seconds);
      assert.ok(Number.isInteger(each), 'as Node wants it');
      assert.ok(each < seconds * 500, `${each} ms of ${seconds} s`);
    }
  });
});
