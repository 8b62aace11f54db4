import { isPlainUid } from '../../dicom';
import { type AssociationFacts, STEP_SOP_CLASS } from '../upper-layer';
import { collected } from './collected';
import { CommandField } from './command-field';
import type { CommandSet } from './command-set';
import type { Service } from './service';
import { type CommandStatus, Status } from './status';

/** What a modality says of a procedure step. */
export interface StepRequest {
  association: AssociationFacts;
  messageId: number;
  /** Undefined: it is created, and an instance UID is to be given to it. */
  sopInstanceUID: string | undefined;
  transferSyntaxUID: string;
  /** Attributes as a data set, not read yet. */
  attributes: Buffer;
}

/** Who keeps performed procedure steps. Resolves with the status of the response. */
export interface StepListener {
  created(request: StepRequest): Promise<CommandStatus>;
  /** `sopInstanceUID` is there. */
  changed(request: StepRequest): Promise<CommandStatus>;
}

/** About 13 000 instances. */
const MAX_STEP_BYTES = 2_097_152;

/** N-CREATE and N-SET of Modality Performed Procedure Steps (PS3.4 F.7, PS3.7 10.1.3, 10.1.5). */
export function stepServices(listener: StepListener): Service[] {
  return [
    service(
      CommandField.createRQ,
      ({ affectedSopClassUID, affectedSopInstanceUID }) => [affectedSopClassUID, affectedSopInstanceUID],
      (request) => listener.created(request),
    ),
    service(
      CommandField.setRQ,
      ({ requestedSopClassUID, requestedSopInstanceUID = '' }) => [
        requestedSopClassUID,
        requestedSopInstanceUID,
      ],
      (request) => listener.changed(request),
    ),
  ];
}

type Uids = readonly [sopClassUID: string | undefined, sopInstanceUID: string | undefined];

function service(
  commandField: number,
  uidsOf: (command: CommandSet) => Uids,
  take: (request: StepRequest) => Promise<CommandStatus>,
): Service {
  return {
    commandField,
    maxDataSetBytes: 0,
    serves: (abstractSyntax) => abstractSyntax === STEP_SOP_CLASS,
    elsewhere: { status: Status.noSuchSopClass, comment: 'only procedure steps are created and changed' },
    begin({ association, context, command }) {
      const [sopClassUID, sopInstanceUID] = uidsOf(command);
      const refused = refusal(command, sopClassUID, sopInstanceUID);
      if (refused !== undefined) return { refused };
      const { messageId = 0 } = command;
      const { transferSyntax: transferSyntaxUID } = context;
      return collected({
        maxBytes: MAX_STEP_BYTES,
        tooLong: TOO_LONG,
        take: (attributes) => take({ association, messageId, sopInstanceUID, transferSyntaxUID, attributes }),
        failed: ({ message: comment }) => ({ status: Status.processingFailure, comment }),
      });
    },
  };
}

function refusal(
  { messageId, hasDataSet }: CommandSet,
  sopClassUID: string | undefined,
  sopInstanceUID: string | undefined,
): CommandStatus | undefined {
  if (sopClassUID !== STEP_SOP_CLASS) return { status: Status.noSuchSopClass };
  if (messageId === undefined)
    return { status: Status.mistypedArgument, comment: 'the request has no Message ID' };
  if (sopInstanceUID !== undefined && !isPlainUid(sopInstanceUID))
    return { status: Status.invalidObjectInstance, comment: 'SOP Instance UID is missing or no UID' };
  return hasDataSet
    ? undefined
    : { status: Status.missingAttribute, comment: 'the request has no attributes' };
}

const TOO_LONG: CommandStatus = {
  status: Status.resourceLimitation,
  comment: `attributes may have ${MAX_STEP_BYTES} bytes`,
};
