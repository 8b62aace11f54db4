import { encodeIdentifier } from '../../../src/dicom';
import { slice } from '../objects/made-study';
import type { StoredObject } from './misbehaving-scp';
import { commandSet, CT, dataTF, EXPLICIT, pdv } from '../connections/pdus';

const [COMMAND, DATA] = [0b11, 0b10];
/** Command Fields. */
export const [GET, FIND, MOVE, CANCEL] = [0x0010, 0x0020, 0x0021, 0x0fff];
export const commandOf = ({ command }: StoredObject): unknown => command.get(0x0100);

/** Of a response to a C-GET or C-MOVE. */
export const counts = (
  remaining: number,
  completed: number,
  failed: number,
  warning: number,
): Record<number, number> => ({
  0x1020: remaining,
  0x1021: completed,
  0x1022: failed,
  0x1023: warning,
});

function responseCommand(
  asked: StoredObject,
  status: number,
  elements: Record<number, number | string>,
): Buffer {
  return commandSet({
    0x0002: asked.sopClassUID,
    0x0100: Number(commandOf(asked)) | 0x8000,
    0x0120: asked.messageId,
    0x0800: 0x0101,
    0x0900: status,
    ...elements,
  });
}

/** A response to a C-FIND, C-GET or C-MOVE. @param behind bytes that follow its command set */
export function response(
  asked: StoredObject,
  status: number,
  elements: Record<number, number | string> = {},
  behind = Buffer.alloc(0),
): Buffer {
  const command = Buffer.concat([responseCommand(asked, status, elements), behind]);
  return dataTF(pdv(asked.contextId, COMMAND, command));
}

/** The same with a data set. */
export function responseWith(
  asked: StoredObject,
  status: number,
  dataSet: Buffer,
  elements: Record<number, number> = {},
): Buffer {
  const command = responseCommand(asked, status, { 0x0800: 0, ...elements });
  return dataTF(pdv(asked.contextId, COMMAND, command), pdv(asked.contextId, DATA, dataSet));
}

/** A final response with a list of UIDs, in explicit VR little endian. */
export function failedList(
  asked: StoredObject,
  status: number,
  uid: string,
  elements: Record<number, number>,
): Buffer {
  const value = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`);
  const list = Buffer.concat([Buffer.from([8, 0, 0x58, 0, 0x55, 0x49, value.length, 0]), value]);
  return responseWith(asked, status, list, elements);
}

/** All responses to a C-FIND that finds these, in explicit VR little endian. */
export function found(asked: StoredObject, matches: readonly object[]): Buffer {
  return Buffer.concat([
    ...matches.map((match) => responseWith(asked, 0xff00, encodeIdentifier(match, EXPLICIT))),
    response(asked, 0),
  ]);
}

/** A sub-operation of a C-GET: it goes on the first context for objects. */
export function object(study: string, number: number, contextId = 5, dataSet = slice(study, number)): Buffer {
  const command = commandSet({
    0x0002: CT,
    0x0100: 0x0001,
    0x0110: number,
    0x0700: 0,
    0x0800: 0,
    0x1000: `${study}.1.${number}`,
  });
  return dataTF(pdv(contextId, COMMAND, command), pdv(contextId, DATA, dataSet));
}
