import assert from 'node:assert/strict';
import { it } from 'node:test';
import { asError } from '../../src/basics';

it('what is thrown is an error, with the message that it has', () => {
  const error = new TypeError('one');
  assert.equal(asError(error), error);
  const thrown: [unknown, string][] = [
    // As JSONata does.
    [
      { code: 'S0203', message: 'Expected ")" before end of expression', position: 5 },
      'Expected ")" before end of expression',
    ],
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ message: 7 }, '[object Object]'],
  ];
  for (const [value, message] of thrown) assert.equal(asError(value).message, message);
});
