import type { MessagePort } from 'node:worker_threads';
import type { MadeMessage } from './made-message';
import {
  convertParsed,
  expectCharacterSet,
  type MessageOptions,
  parseDataSet,
  type ParsedDataSet,
  uidName,
} from '../dicom';
import type { PayloadSettings } from '../message';
import type { ObjectUids, OutgoingObject } from '../object';
import { openGiven, type Given } from './given';

/** The message of a given object, with its pending changes. @throws as `openGiven` */
export async function parse(
  given: Given,
  port: MessagePort | undefined,
  payload: PayloadSettings,
): Promise<MadeMessage> {
  const object = await openGiven(given, port);
  try {
    return await messageOf(object, payload);
  } finally {
    await object.close();
  }
}

/** What a message is made of. */
type MessageSource = ObjectUids & Pick<OutgoingObject, 'size' | 'warnings' | 'wholeFile'>;

/** The message of an open object. @param kept where that will be, if bulk data is to be found there. @throws DicomError; what reading the object throws */
export async function messageOf(
  object: MessageSource,
  payload: PayloadSettings,
  kept: Pick<MessageOptions, 'bulkDataURI' | 'hasObject'> = {},
): Promise<MadeMessage> {
  const { source, offset, compare } = await object.wholeFile();
  const { transferSyntaxUID } = object;
  const message = messageIn(parseDataSet(source, { transferSyntaxUID, offset }), object, payload, kept);
  await compare();
  return message;
}

/** The same of an object that has been parsed. @throws DicomError */
export function messageIn(
  dataSet: ParsedDataSet,
  object: ObjectUids & Pick<OutgoingObject, 'size' | 'warnings'>,
  payload: PayloadSettings,
  kept: Pick<MessageOptions, 'bulkDataURI' | 'hasObject'> = {},
): MadeMessage {
  const { transferSyntaxUID, size } = object;
  expectCharacterSet(dataSet, payload.defaultCharacterSet);
  const { json, identity, warnings: found } = convertParsed(dataSet, { ...payload, ...kept });
  const { sopClassUID = object.sopClassUID, sopInstanceUID = object.sopInstanceUID } = identity;
  const warnings = [...(object.warnings ?? []), ...found];
  const about = {
    topic: identity.studyInstanceUID ?? '',
    dicom: {
      sopClassUID,
      sopClassName: uidName(sopClassUID) ?? sopClassUID,
      sopInstanceUID,
      transferSyntaxUID,
      size,
      ...(warnings.length > 0 && { warnings }),
    },
  };
  return { json: `{"payload":${json},${JSON.stringify(about).slice(1)}` };
}
