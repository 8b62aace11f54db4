import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UidSet } from '../../src/study/uid-set';

it('knows each UID once, in memory and as text', () => {
  const uids = Array.from({ length: 20_000 }, (_, number) => `1.2.840.${number}`);
  const set = new UidSet();
  for (const uid of uids) assert.equal(set.add(uid), true);
  for (const uid of uids) assert.equal(set.add(uid), false);
  assert.equal(set.size, 20_000);
  assert.ok(set.bytes / set.size < 43);
  assert.equal(set.has('1.2.840.20000'), false);
  const other = new UidSet();
  for (const text of set.texts()) other.addAll(text);
  assert.equal(other.size, 20_000);
  assert.ok(uids.every((uid) => other.has(uid)));
});
