import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acknowledgeIdOf, DatabaseUnusable, isPlainName } from '../../../../src/queue';
import { failureText, isAway, loadClient, sqlState } from '../../../../src/queue/postgres/database/client';
import { idOfNumber, numberIn } from '../../../../src/queue/postgres/rows/object-numbers';

describe('the client of PostgreSQL', () => {
  it('is loaded when it is needed; where it is missing, that is said by a code', () => {
    const missing = Object.assign(new Error("Cannot find module 'pg'"), { code: 'MODULE_NOT_FOUND' });
    assert.throws(
      () =>
        loadClient(() => {
          throw missing;
        }),
      (error) => error instanceof DatabaseUnusable && error.code === 'QUEUE_NO_CLIENT',
    );
    assert.equal(typeof loadClient().Pool, 'function');
  });

  it('tells an answer of the server from a connection that was lost, and quotes no values', () => {
    const duplicate = { code: '23505', message: 'Key (id)=(DOE^JOHN) already exists' };
    assert.deepEqual([sqlState(duplicate), isAway(duplicate)], ['23505', false]);
    assert.equal(failureText(duplicate), 'PostgreSQL answered 23505');
    const unknown = { code: '28P01', message: 'password authentication failed for user "doe"' };
    assert.equal(failureText(unknown), 'PostgreSQL answered 28P01: user or password is wrong');
    for (const code of ['ECONNREFUSED', 'EPIPE', undefined]) assert.equal(isAway({ code }), true, code);
    for (const code of ['57P01', '57P03', '08006', '53300']) assert.equal(isAway({ code }), true, code);
  });

  it('says what to do where there is no connection', () => {
    const named: [{ code?: string; message?: string }, RegExp][] = [
      [
        { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.1:5432' },
        /^ECONNREFUSED: .*check host and port/,
      ],
      [{ code: 'ENOTFOUND' }, /^ENOTFOUND: the host name/],
      [{ message: 'timeout expired' }, /firewalls/],
      [{ message: 'Connection terminated due to connection timeout' }, /firewalls/],
      [{ message: 'Connection terminated unexpectedly' }, /its port/],
      [{ message: 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string' }, /enter it/],
      [{ message: 'The server does not support SSL connections' }, /choose no TLS/],
      [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, /enter that CA/],
      [{ code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }, /enter that CA/],
      [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, /another name/],
      [{ code: 'CERT_HAS_EXPIRED' }, /not valid now/],
      [{ code: 'EPIPE' }, /^EPIPE$/],
    ];
    for (const [error, words] of named) assert.match(failureText(error), words);
  });

  it('takes names of schemas and queues that need no quotes', () => {
    for (const name of ['dicom', '_a1', 'a'.repeat(40)]) assert.equal(isPlainName(name), true, name);
    for (const name of ['', '1a', 'A', 'a-b', 'a"b', 'ä', 'a b', 'a'.repeat(41), 'a\n'])
      assert.equal(isPlainName(name), false, name);
  });

  it('finds the number of an object in each of its names', () => {
    const id = idOfNumber(4_711, 1_763_900_000_000, 5, 0xabc);
    assert.match(id, /^1763900000000-0000004711-5-00000abc-[0-9a-f]{32}$/);
    assert.deepEqual([numberIn(id), numberIn(acknowledgeIdOf(id))], [4_711, 4_711]);
  });
});
