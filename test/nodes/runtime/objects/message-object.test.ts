import { it } from 'node:test';
import { objectOf } from '../../../../nodes/runtime/objects/message-object';
import { assertLinear } from '../../../support/machine/linear';

it('a payload that is nearly base64 text is looked at once, however long it is', () =>
  assertLinear(
    400_000,
    (size) => {
      const payload = `${' '.repeat(size)}!`;
      return () => objectOf({ _msgid: '', payload }, 'payload');
    },
    'spaces',
  ));
