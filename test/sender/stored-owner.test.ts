import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isOwnerName } from '../../src/queue/parking';
import { ownerOfStored, storedOfOwner } from '../../src/sender/stored-owner';

it('how a peer has stored an object is read from the name of its owner, which is one', () => {
  const stored = { target: '0123456789abcdef', status: 0xb006, transferSyntaxUID: '1.2'.padEnd(64, '3') };
  const owner = ownerOfStored(stored);
  assert.ok(isOwnerName(owner));
  assert.deepEqual(storedOfOwner(owner), stored);
  for (const other of ['', 'node', 'stored/', 'stored/x/12345/1.2', `x${owner}`])
    assert.equal(storedOfOwner(other), undefined, other);
});
