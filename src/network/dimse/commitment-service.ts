import { type AssociationFacts, COMMITMENT_SOP_CLASS } from '../upper-layer';
import { collected } from './collected';
import { CommandField } from './command-field';
import { type CommitmentReport, MAX_REPORT_BYTES, readCommitmentReport, refuseReport } from './commitment';
import type { Service } from './service';
import { type CommandStatus, Status } from './status';

/** Who hears what peers say of their storage. */
export interface CommitmentListener {
  /** Resolves with the status of the response: success means that the peer need not say it again. Never rejects. */
  reported(report: CommitmentReport, association: AssociationFacts): Promise<CommandStatus>;
}

/** N-EVENT-REPORT of the SCP of storage commitment, on an association of its own (PS3.4 J.3.3, PS3.7 10.1.1). */
export function commitmentService(listener: CommitmentListener): Service {
  return {
    commandField: CommandField.eventReportRQ,
    maxDataSetBytes: 0,
    serves: (abstractSyntax) => abstractSyntax === COMMITMENT_SOP_CLASS,
    elsewhere: {
      status: Status.unrecognizedOperation,
      comment: 'N-EVENT-REPORT needs a Storage Commitment context',
    },
    begin({ association, context, command }) {
      const status = refuseReport(command);
      if (status !== undefined) return { refused: { status } };
      return collected({
        maxBytes: MAX_REPORT_BYTES,
        tooLong: TOO_LONG,
        take: async (dataSet) =>
          listener.reported(readCommitmentReport(dataSet, context.transferSyntax), association),
        failed: ({ message: comment }) => ({ status: Status.processingFailure, comment }),
      });
    },
  };
}

const TOO_LONG: CommandStatus = {
  status: Status.resourceLimitation,
  comment: `a report may have ${MAX_REPORT_BYTES} bytes`,
};
