import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notAcceptedText } from '../../src/sender/peer-words';

const object = { sopClassUID: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxUID: '1.2.840.10008.1.2.4.50' };

test('of an object that the peer accepts in no form, kind and transfer syntax are told, and which setting decides', () => {
  assert.equal(
    notAcceptedText(object),
    "the peer does not accept CT Image Storage in the object's transfer syntax (JPEG Baseline (Process 1)), " +
      "nor in one into which Conversion in the peer's settings lets it be converted",
  );
  assert.match(notAcceptedText(object, 'it is cut off'), /, and it cannot be converted: it is cut off$/);
  assert.match(notAcceptedText({ ...object, sopClassUID: '1.2.3' }), /does not accept 1\.2\.3 in/);
});
