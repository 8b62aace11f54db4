import type { NodeMessage } from 'node-red';
import type { CommandStatus } from '../../../src/network';
import { ReceiverNotRunning, type AnswerOutcome } from '../../../src/receiver';
import { SAMPLE_ID } from '../../../src/sample';
import { parseStatus } from '../../../src/settings';
import { asError } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import type { Text } from '../../runtime/node-texts';
import { QueueOwner } from '../../runtime/queue-owner';
import { TYPE } from '../type';

export interface ResponseConfig {
  status?: string;
  customStatus?: string;
  errorComment?: string;
}

/** The parts of a message that this node reads. */
export interface AnsweringMessage extends NodeMessage {
  dicom?: { queueId?: unknown };
  statusCode?: unknown;
  errorComment?: unknown;
}

type Failure = 'noId' | 'badStatus' | Exclude<AnswerOutcome, 'answered'>;

class AnswerFailed extends Error {
  constructor(
    readonly failure: Failure,
    readonly values: Record<string, string> = {},
  ) {
    super(failure);
  }
}

/** Gives an answer for the object that a message came of. @throws what `answerError` has words for */
export async function answer(config: ResponseConfig, message: AnsweringMessage): Promise<void> {
  const [ownerId, objectId] = splitQueueId(message.dicom?.queueId);
  const status = answeredStatus(config, message);
  // Nobody sent a sample, so nobody waits.
  if (objectId === SAMPLE_ID) return;
  const receiver = deployedNodes.get(ownerId, QueueOwner)?.receiver;
  if (receiver === undefined) throw new AnswerFailed('unknown');
  const outcome = await receiver.ask('answer', objectId, status).catch((error: unknown) => {
    if (error instanceof ReceiverNotRunning) return 'unknown' as const;
    throw error;
  });
  if (outcome !== 'answered') throw new AnswerFailed(outcome);
}

/** Node id and object id; a node's id may hold anything, an object's holds no colon. */
function splitQueueId(queueId: unknown): [ownerId: string, objectId: string] {
  const separator = typeof queueId === 'string' ? queueId.lastIndexOf(':') : -1;
  if (typeof queueId !== 'string' || separator < 0) throw new AnswerFailed('noId');
  return [queueId.slice(0, separator), queueId.slice(separator + 1)];
}

/** The message decides, where it says anything; else the dialog. */
function answeredStatus(config: ResponseConfig, message: AnsweringMessage): CommandStatus {
  // An environment variable that looks like a number has become one on its way: 0110 is 110 then.
  const fromDialog = String(config.status === 'custom' ? config.customStatus : (config.status ?? 0)).padStart(
    4,
    '0',
  );
  const wanted = message.statusCode ?? fromDialog;
  const status = parseStatus(wanted);
  if (status === undefined) throw new AnswerFailed('badStatus', { value: JSON.stringify(wanted) ?? '' });
  const comment = typeof message.errorComment === 'string' ? message.errorComment : config.errorComment;
  return status !== 0 && comment ? { status, comment } : { status };
}

/** The failure in the editor's language, with a code for Catch nodes: `alreadyAnswered` → `DICOM_RESPONSE_ALREADY_ANSWERED`. */
export function answerError(text: Text, error: unknown): Error {
  if (!(error instanceof AnswerFailed)) return asError(error);
  const { failure, values } = error;
  const code = `${TYPE}_${failure.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
  return Object.assign(new Error(text(`error.${failure}`, values)), { code });
}
