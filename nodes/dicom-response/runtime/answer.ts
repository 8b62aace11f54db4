import type { NodeMessage } from 'node-red';
import type { CommandStatus } from '../../../src/network';
import type { AnswerOutcome } from '../../../src/delivery';
import { SAMPLE_ID } from '../../../src/sample';
import { DICOM_RESPONSE, parseStatus, type DicomResponseProblem } from '../../../src/settings';
import { asError } from '../../../src/basics';
import { RequestTimedOut, WorkerNotRunning } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';
import type { Text } from '../../runtime/node-texts';
import { queueName, QueueOwner, type QueueName } from '../../runtime/queue-owner';

type Parsed = ReturnType<typeof DICOM_RESPONSE.parse>;

/** The parts of a message that this node reads. */
export interface AnsweringMessage extends NodeMessage {
  dicom?: { queueId?: unknown; acknowledgeId?: unknown };
  statusCode?: unknown;
  errorComment?: unknown;
}

type Failure = 'noId' | 'badStatus' | 'timedOut' | 'unknownVersion' | Exclude<AnswerOutcome, 'answered'>;

class AnswerFailed extends NodeFailed<Failure> {}

const { errorOf } = nodeErrors<Failure>(DICOM_RESPONSE.type);

/** What another version means is not known: a node of one answers nothing. */
export function unknownVersion({ problems }: Parsed): AnswerFailed | undefined {
  const found = problems.find(({ field }) => field === 'version');
  if (found === undefined) return undefined;
  const { value = '', known = '' } = found.values;
  return new AnswerFailed('unknownVersion', { value: String(value), known: String(known) });
}

/** Gives an answer for the object that a message came of. @throws what `answerError` has words for */
export async function answer(parsed: Parsed, message: AnsweringMessage): Promise<void> {
  const unknown = unknownVersion(parsed);
  if (unknown !== undefined) throw unknown;
  const { nodeId: ownerId, objectId } = named(message.dicom?.queueId ?? message.dicom?.acknowledgeId);
  const status = answeredStatus(parsed, message);
  // Nobody sent a sample, so nobody waits.
  if (objectId === SAMPLE_ID) return;
  const receiver = deployedNodes.get(ownerId, QueueOwner)?.receiver;
  if (receiver === undefined) throw new AnswerFailed('unknown');
  const outcome = await receiver.ask('answer', objectId, status).catch((error: unknown) => {
    if (error instanceof WorkerNotRunning) return 'unknown' as const;
    if (error instanceof RequestTimedOut) return 'timedOut' as const;
    throw error;
  });
  if (outcome !== 'answered') throw new AnswerFailed(outcome);
}

function named(id: unknown): QueueName {
  const name = queueName(id);
  if (name === undefined) throw new AnswerFailed('noId');
  return name;
}

/** The status in the message, otherwise that of the dialog. */
function answeredStatus({ settings, problems }: Parsed, message: AnsweringMessage): CommandStatus {
  const wanted = message.statusCode ?? dialogStatus(settings, problems);
  const status = parseStatus(wanted);
  if (status === undefined) throw new AnswerFailed('badStatus', { value: JSON.stringify(wanted) ?? '' });
  const comment = typeof message.errorComment === 'string' ? message.errorComment : settings.errorComment;
  return status !== 0 && comment ? { status, comment } : { status };
}

/** What is wrong is not replaced by Success, which is the default. */
function dialogStatus(settings: Parsed['settings'], problems: readonly DicomResponseProblem[]): unknown {
  const { status, customStatus } = settings;
  const wrong = problems.find(({ field }) => field === 'status');
  if (wrong !== undefined) return wrong.values['value'];
  return status === 'custom' ? customStatus : status;
}

/** What `answer` has thrown, as a Catch node gets it. */
export function answerError(text: Text, error: unknown): Error {
  return error instanceof AnswerFailed ? errorOf(text, error) : asError(error);
}
