import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { CommandStatus } from '../src/network';
import { SAMPLE_ID } from '../src/sample';
import { ReceiverNotRunning, type AnswerOutcome } from '../src/receiver';
import { parseStatus } from '../src/settings';
import { runningReceivers } from './runtime/running-receivers';

interface ResponseConfig extends NodeDef {
  status?: string;
  customStatus?: string;
  errorComment?: string;
}

/** The parts of a message that this node reads. */
interface AnsweringMessage extends NodeMessage {
  dicom?: { queueId?: unknown };
  statusCode?: unknown;
  errorComment?: unknown;
}

type Failure = 'noId' | 'badStatus' | Exclude<AnswerOutcome, 'answered'>;

/**
 * The `dicom-response` node: tells the `dicom-in` node that a message came from how it fared, as `http response` does for
 * `http in`. The message is found by `msg.dicom.queueId` alone.
 */
export = function register(RED: NodeAPI): void {
  function DicomResponse(this: Node, config: ResponseConfig): void {
    RED.nodes.createNode(this, config);
    this.on('input', (message: AnsweringMessage, _send, done) => {
      answer(config, message).then(
        () => done(),
        (error: unknown) => done(asError(RED, error)),
      );
    });
  }
  RED.nodes.registerType('dicom-response', DicomResponse);
};

class AnswerFailed extends Error {
  constructor(
    readonly failure: Failure,
    readonly values: Record<string, string> = {},
  ) {
    super(failure);
  }
}

async function answer(config: ResponseConfig, message: AnsweringMessage): Promise<void> {
  const [receiverId, objectId] = splitQueueId(message.dicom?.queueId);
  const status = answeredStatus(config, message);
  // Nobody sent a sample, so nobody waits.
  if (objectId === SAMPLE_ID) return;
  const receiver = runningReceivers.get(receiverId);
  if (receiver === undefined) throw new AnswerFailed('unknown');
  const outcome = await receiver.ask('answer', objectId, status).catch((error: unknown) => {
    if (error instanceof ReceiverNotRunning) return 'unknown' as const;
    throw error;
  });
  if (outcome !== 'answered') throw new AnswerFailed(outcome);
}

/** Node id and object id; a node's id may hold anything, an object's holds no colon. */
function splitQueueId(queueId: unknown): [receiverId: string, objectId: string] {
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
function asError(RED: NodeAPI, error: unknown): Error {
  if (!(error instanceof AnswerFailed)) return error instanceof Error ? error : new Error(String(error));
  const code = `DICOM_RESPONSE_${error.failure.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
  const text = RED._(`dicom-response.error.${error.failure}`, error.values);
  return Object.assign(new Error(text), { code });
}
