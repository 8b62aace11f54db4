import '../support/machine/poisoned';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Given } from '../../src/edit';
import { LentMemory } from '../../src/edit/lent-memory';

const MEBIBYTE = 1024 * 1024;

function given(bytes: Uint8Array): [Given, undefined, string] {
  return [{ place: { kind: 'bytes', bytes }, sopInstanceUID: '1.2' }, undefined, 'a task'];
}

function bytesIn([{ place }]: readonly [Given, ...unknown[]]): Uint8Array {
  assert.equal(place.kind, 'bytes');
  return place.bytes;
}

describe('memory that is lent to the worker that changes objects', () => {
  it('has the bytes of the object that is given, and all else stays as it is', () => {
    const args = given(Buffer.from('an object'));
    const { lent } = new LentMemory().lend(args);
    assert.ok(bytesIn(lent).buffer instanceof SharedArrayBuffer);
    assert.deepEqual(Buffer.from(bytesIn(lent)), bytesIn(args));
    assert.deepEqual(lent.slice(1), args.slice(1));
    assert.equal(lent[0].sopInstanceUID, '1.2');
    assert.ok(!(bytesIn(args).buffer instanceof SharedArrayBuffer), 'those of the flow stay the flow’s');
  });

  it('is lent again only after it has been given back', () => {
    const memory = new LentMemory();
    const first = memory.lend(given(Buffer.from('first')));
    const second = memory.lend(given(Buffer.from('second')));
    assert.notEqual(bytesIn(second.lent).buffer, bytesIn(first.lent).buffer);
    first.giveBack();
    assert.notEqual(Buffer.from(bytesIn(first.lent)).toString(), 'first', 'it is poisoned');
    const third = memory.lend(given(Buffer.from('third')));
    assert.equal(bytesIn(third.lent).buffer, bytesIn(first.lent).buffer);
    assert.equal(Buffer.from(bytesIn(second.lent)).toString(), 'second');
  });

  it('is not for objects that are larger, or lie elsewhere', () => {
    const memory = new LentMemory();
    const large = given(new Uint8Array(MEBIBYTE + 1));
    assert.equal(memory.lend(large).lent, large);
    const file: [Given] = [{ place: { kind: 'file', path: '/object.dcm' } }];
    assert.equal(memory.lend(file).lent, file);
    const none: [undefined] = [undefined];
    assert.equal(memory.lend(none).lent, none);
  });
});
