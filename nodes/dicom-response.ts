import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { ReceiverNotRunning, SAMPLE_ID, type AnswerOutcome, type CommandStatus } from '../src/receiver';
import { DICOM_RESPONSE, parseStatus, type DicomResponseProblem } from '../src/settings';
import { runningReceivers } from './runtime/running-receivers';

type Parsed = ReturnType<typeof DICOM_RESPONSE.parse>;

/** The parts of a message that this node reads. */
interface AnsweringMessage extends NodeMessage {
  dicom?: { queueId?: unknown };
  statusCode?: unknown;
  errorComment?: unknown;
}

type Failure = 'noId' | 'badStatus' | 'unknownVersion' | Exclude<AnswerOutcome, 'answered'>;

/**
 * The `dicom-response` node: tells the `dicom-in` node that a message came from how it fared, as `http response` does for
 * `http in`. The message is found by `msg.dicom.queueId` alone.
 */
export = function register(RED: NodeAPI): void {
  function DicomResponse(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    const parsed = DICOM_RESPONSE.parse(config);
    const unknown = unknownVersion(parsed);
    if (unknown !== undefined) {
      this.status({ fill: 'red', shape: 'ring', text: RED._('dicom-response.status.newerVersion') });
      this.error(asError(RED, unknown).message);
    }
    this.on('input', (message: AnsweringMessage, _send, done) => {
      answer(parsed, message).then(
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

/** What another version means is not known: a node of one answers nothing. */
function unknownVersion({ problems }: Parsed): AnswerFailed | undefined {
  const found = problems.find(({ field }) => field === 'version');
  if (found === undefined) return undefined;
  const { value = '', known = '' } = found.values;
  return new AnswerFailed('unknownVersion', { value: String(value), known: String(known) });
}

async function answer(parsed: Parsed, message: AnsweringMessage): Promise<void> {
  const unknown = unknownVersion(parsed);
  if (unknown !== undefined) throw unknown;
  const [receiverId, objectId] = splitQueueId(message.dicom?.queueId);
  const status = answeredStatus(parsed, message);
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

/** The failure in the editor's language, with a code for Catch nodes: `alreadyAnswered` → `DICOM_RESPONSE_ALREADY_ANSWERED`. */
function asError(RED: NodeAPI, error: unknown): Error {
  if (!(error instanceof AnswerFailed)) return error instanceof Error ? error : new Error(String(error));
  const code = `DICOM_RESPONSE_${error.failure.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
  const text = RED._(`dicom-response.error.${error.failure}`, error.values);
  return Object.assign(new Error(text), { code });
}
