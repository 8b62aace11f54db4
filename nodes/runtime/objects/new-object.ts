import { acknowledgeIdOf, isAcknowledgeId } from '../../../src/queue';
import type { ObjectMessage } from './message-object';
import { queueName } from '../queues';

/** Where a node has put the object that it has made: a Part 10 object in memory, or the absolute path of a file. */
export type NewPlace = { object: Buffer } | { filename: string };

/** A message as a worker has made it (`MadeMessage`), parsed. */
export interface MadeFacts {
  payload?: unknown;
  topic?: unknown;
  dicom: Record<string, unknown>;
}

/**
 * Puts a new object into a message in place of the one that it was made of. That one can be acknowledged still, and is not to
 * be opened by this message any more (DESIGN, "Changes"; docs/message-format.md).
 * @param place undefined: it is a text in the message, which only who knows that finds
 * @param made what the message is to say of the new object
 */
export function putNewObject(message: ObjectMessage, place: NewPlace | undefined, made: MadeFacts): void {
  const { queueId, acknowledgeId = acknowledgeNameOf(queueId) } = message.dicom ?? {};
  const kept = Object.entries(message.dicom ?? {}).filter(([name]) => !OF_THE_OLD_OBJECT.has(name));
  message.dicom = {
    ...Object.fromEntries(kept),
    ...made.dicom,
    ...(acknowledgeId !== undefined && { acknowledgeId }),
    ...(place !== undefined && 'object' in place && { object: place.object }),
  };
  delete message.filename;
  if (place !== undefined && 'filename' in place) message.filename = place.filename;
  const { payload, topic } = made;
  Object.assign(message, payload !== undefined && { payload }, topic !== undefined && { topic });
}

/** In `msg.dicom`. */
const OF_THE_OLD_OBJECT: ReadonlySet<string> = new Set([
  'queueId',
  'object',
  'file',
  'changes',
  'document',
  'warnings',
]);

/** The name that acknowledges what this one opens, and cannot open it. Undefined: it is none. */
function acknowledgeNameOf(queueId: unknown): string | undefined {
  const name = queueName(queueId);
  if (name === undefined) return undefined;
  const { nodeId, objectId } = name;
  return `${nodeId}:${isAcknowledgeId(objectId) ? objectId : acknowledgeIdOf(objectId)}`;
}
