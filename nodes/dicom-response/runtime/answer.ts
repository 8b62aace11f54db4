import type { CommandStatus } from '../../../src/network';
import { SAMPLE_ID } from '../../../src/sample';
import { DICOM_RESPONSE, parseStatus, type DicomResponseProblem } from '../../../src/settings';
import { asError } from '../../../src/basics';
import { deployedNodes } from '../../runtime/deployed-nodes';
import type { Text } from '../../runtime/node-texts';
import { shownJson } from '../../runtime/plain-json';
import { queueName, type QueueName, QueueOwner } from '../../runtime/queues';
import { AnswerFailed, notHeard, RESPONSE_ERRORS } from './answer-failed';
import { answerQuery, answerStep } from './answer-request';
import type { AnsweringMessage } from './answering-message';
import { isHttpStatus, isHttpSuccess } from './http-status';

type Parsed = ReturnType<typeof DICOM_RESPONSE.parse>;

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
  const { queueId, acknowledgeId, queryId, mppsId } = message.dicom ?? {};
  if (queryId !== undefined) return answerQuery(named(queryId), message, answeredStatus(parsed, message));
  if (mppsId !== undefined) return answerStep(named(mppsId), answeredStatus(parsed, message));
  const { nodeId: ownerId, objectId } = named(queueId ?? acknowledgeId);
  const status = answeredStatus(parsed, message);
  // Nobody sent a sample, so nobody waits.
  if (objectId === SAMPLE_ID) return;
  const receiver = deployedNodes.get(ownerId, QueueOwner)?.receiver;
  if (receiver === undefined) throw new AnswerFailed('unknown');
  const outcome = await receiver.ask('answer', objectId, status).catch(notHeard);
  if (outcome !== 'answered') throw new AnswerFailed(outcome);
}

function named(id: unknown): QueueName {
  const name = queueName(id);
  if (name === undefined) throw new AnswerFailed('noId');
  return name;
}

/** The status in the message, otherwise that of the dialog. A request by HTTP that failed is no reason for Success. */
function answeredStatus({ settings, problems }: Parsed, message: AnsweringMessage): CommandStatus {
  const { statusCode } = message;
  const given = isHttpStatus(statusCode) && isHttpSuccess(statusCode) ? undefined : statusCode;
  const wanted = given ?? dialogStatus(settings, problems);
  const status = isHttpStatus(given) ? undefined : parseStatus(wanted);
  if (status === undefined) throw new AnswerFailed('badStatus', { value: shownJson(wanted) });
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
  return error instanceof AnswerFailed ? RESPONSE_ERRORS.errorOf(text, error) : asError(error);
}
