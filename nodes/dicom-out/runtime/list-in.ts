import { instancesOf, type ListedInstance, ListInvalid, type ObjectMessage } from '../../runtime/objects';
import { OutFailed } from './out-error';

/** The list of a message; undefined: it has none, or its payload is the object. @throws OutFailed */
export function listIn(
  message: ObjectMessage,
  objectFrom: 'message' | 'payload',
): ListedInstance[] | undefined {
  if (objectFrom === 'payload') return undefined;
  try {
    return instancesOf(message);
  } catch (error) {
    if (error instanceof ListInvalid) throw new OutFailed('listInvalid', { reason: error.message });
    throw error;
  }
}

/** A message for each instance of its list; none where it has none, or one that is not valid. */
export function messagesOfList(
  message: ObjectMessage,
  objectFrom: 'message' | 'payload',
): readonly ObjectMessage[] {
  try {
    return listIn(message, objectFrom)?.map((instance) => instance.message) ?? [];
  } catch (error) {
    if (error instanceof OutFailed) return [];
    throw error;
  }
}
