import { VERIFICATION_SOP_CLASS } from '../upper-layer';
import { CommandField } from './command-field';
import type { Service } from './service';
import { Status, type CommandStatus } from './status';

const ECHO_REFUSED: CommandStatus = {
  status: Status.sopClassNotSupported,
  comment: 'C-ECHO needs a Verification context',
};

/** C-ECHO (PS3.4 A.4, PS3.7 9.1.5). */
export const echoService: Service = {
  commandField: CommandField.echoRQ,
  maxDataSetBytes: 0,
  serves: (abstractSyntax) => abstractSyntax === VERIFICATION_SOP_CLASS,
  elsewhere: ECHO_REFUSED,
  begin: ({ command }) =>
    command.hasDataSet
      ? { refused: ECHO_REFUSED }
      : {
          append: () => undefined,
          complete: () => Promise.resolve({ status: Status.success }),
          discard: () => undefined,
        },
};
