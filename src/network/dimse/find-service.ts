import type { AssociationFacts } from '../upper-layer';
import { collected } from './collected';
import { CommandField } from './command-field';
import type { PendingResponses, Service } from './service';
import { type CommandStatus, Status } from './status';

/** A query whose identifier has arrived. */
export interface FindRequest {
  association: AssociationFacts;
  messageId: number;
  sopClassUID: string;
  transferSyntaxUID: string;
  /** Data set of the keys (PS3.4 C.4.1.1.3.1), not read yet. */
  identifier: Buffer;
}

/** Who answers queries. */
export interface QueryListener {
  /** Resolves with the status of the last response, after all matches. */
  asked(request: FindRequest, pending: PendingResponses): Promise<CommandStatus>;
}

/** Far more than keys have: lists of UIDs are the longest. */
const MAX_KEYS_BYTES = 262_144;

/** C-FIND (PS3.4 C.4.1, K.4.1; PS3.7 9.1.2). @param answers true for a SOP class whose queries are answered */
export function findService(listener: QueryListener, answers: (sopClassUID: string) => boolean): Service {
  return {
    commandField: CommandField.findRQ,
    maxDataSetBytes: 0,
    hasMatches: true,
    serves: answers,
    elsewhere: { status: Status.sopClassNotSupported, comment: 'C-FIND needs a context of a query' },
    begin({ association, context, command }) {
      const { messageId, affectedSopClassUID, hasDataSet } = command;
      if (affectedSopClassUID !== context.abstractSyntax) return { refused: OTHER_CLASS };
      if (messageId === undefined || !hasDataSet) return { refused: INCOMPLETE };
      const { transferSyntax: transferSyntaxUID } = context;
      return collected({
        maxBytes: MAX_KEYS_BYTES,
        tooLong: TOO_LONG,
        take: (identifier, pending) =>
          listener.asked(
            { association, messageId, sopClassUID: affectedSopClassUID, transferSyntaxUID, identifier },
            pending,
          ),
        failed: ({ message: comment }) => ({ status: Status.cannotUnderstand, comment }),
      });
    },
  };
}

const OTHER_CLASS: CommandStatus = {
  status: Status.sopClassNotSupported,
  comment: 'the SOP class is not that of the presentation context',
};
const INCOMPLETE: CommandStatus = {
  status: Status.cannotUnderstand,
  comment: 'C-FIND-RQ has no Message ID or no identifier',
};
const TOO_LONG: CommandStatus = {
  status: Status.outOfResources,
  comment: `an identifier may have ${MAX_KEYS_BYTES} bytes`,
};
