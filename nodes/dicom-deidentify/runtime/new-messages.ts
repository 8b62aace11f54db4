import type { NodeMessage } from 'node-red';
import type { DeidentifiedMessage } from '../../../src/edit';
import { type MadeFacts, type ObjectMessage, putNewObject } from '../../runtime/objects';
import type { DeidentifiedList } from './deidentified-list';

/**
 * The message of a de-identified object: of the original's it has what acknowledges it, and the properties that are to stay.
 * @param kept their names
 */
export function newMessage(
  message: ObjectMessage,
  result: DeidentifiedMessage,
  kept: readonly string[],
): NodeMessage {
  const { queueId, acknowledgeId } = message.dicom ?? {};
  const dicom = {
    ...(queueId !== undefined && { queueId }),
    ...(acknowledgeId !== undefined && { acknowledgeId }),
  };
  const names = { dicom } as ObjectMessage;
  const place =
    'object' in result
      ? { object: Buffer.from(result.object.buffer, result.object.byteOffset, result.object.byteLength) }
      : { filename: result.filename };
  putNewObject(names, place, JSON.parse(result.json) as MadeFacts);
  return Object.assign(names, keptProperties(message, kept));
}

/** The same of a list. */
export function newList(
  message: ObjectMessage,
  { payload, summary }: DeidentifiedList,
  kept: readonly string[],
): NodeMessage {
  const { acknowledgeId } = message.dicom ?? {};
  return {
    ...keptProperties(message, kept),
    topic: payload.StudyInstanceUID,
    payload,
    dicom: { ...(acknowledgeId !== undefined && { acknowledgeId }), deidentified: summary },
  };
}

function keptProperties(message: ObjectMessage, kept: readonly string[]): Record<string, unknown> {
  const values = kept.map((name): [string, unknown] => [
    name,
    (message as unknown as Record<string, unknown>)[name],
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
