import { pathToFileURL } from 'node:url';
import {
  type ByteSource,
  type Conversion,
  convertParsed,
  encapsulatedDocument,
  type EncapsulatedDocument,
  encapsulatesDocument,
  expectCharacterSet,
  isPlainUid,
  parseDataSet,
  type ParsedDataSet,
  uidName,
  valuesOfKeyword,
} from '../dicom';
import {
  contentSource,
  type FileEnvelope,
  type HeadOf,
  NOT_AS_ANNOUNCED,
  type ObjectNote,
  receivedHead,
} from '../object';
import { acknowledgeIdOf, type ObjectContent, type QueuedObject } from '../queue';
import { PAYLOAD_FIELDS, pick, type DicomInSettings } from '../settings';
import type { FlowMessage, MessageFacts } from './flow-message';
import { fileNameText, type FileOutput } from './output';

/** What a message holds of an object, received or shown as a sample. */
export type PayloadSettings = Pick<DicomInSettings, (typeof PAYLOAD_FIELDS)[number]>;

/** The settings that a payload is made with, without all others. */
export const payloadOf = (settings: PayloadSettings): PayloadSettings => pick(settings, PAYLOAD_FIELDS);

/** What decides whether an object waits for the flow. */
export type WaitingSettings = Pick<DicomInSettings, 'acknowledge' | 'respond'>;

export interface ConversionSettings
  extends PayloadSettings, WaitingSettings, Pick<DicomInSettings, 'document'> {
  /** The id of the node, which makes an object's id one that is unique among all receivers. */
  receiverId: string;
  output: DicomInSettings['output'];
  /** Where `output` is `file`. */
  files: FileOutput | undefined;
  /** What stands before the data sets; undefined: we have received them. */
  headOf?: HeadOf;
}

/** A queued object as the flow gets it. */
export interface ConvertedObject {
  /** The flow message: JSON is what crosses to the main thread at the least cost. */
  json: string;
  /** The whole Part 10 file, where the node's output is `buffer`. */
  object: Buffer<ArrayBuffer> | undefined;
  /** The bytes of `msg.dicom.document`. */
  document: Buffer<ArrayBuffer> | undefined;
}

type ObjectWarnings = NonNullable<MessageFacts['warnings']>;

/** Elements of the command set: Affected SOP Class and Instance UID. */
const ANNOUNCED = [
  ['sopClassUID', '00000002'],
  ['sopInstanceUID', '00001000'],
] as const;

/**
 * Reads an object from the queue, puts its file in place where the node keeps files, and makes its message.
 * @throws NotPlaced when the file cannot be put in place
 * @throws DicomError, or the system's error, when the object cannot be read (it could when it was accepted)
 */
export function convertQueued(queued: QueuedObject, settings: ConversionSettings): ConvertedObject {
  const note = queued.note as ObjectNote | undefined;
  // What was read when it came need not be read again. It is not kept until the flow is done with the object: what lives
  // that long costs the garbage collector more than a second reading costs us.
  const known = note?.dataSet;
  if (note !== undefined) note.dataSet = undefined;
  const needsBytes =
    settings.output !== 'none' || (settings.document && known && encapsulatesDocument(known));
  if (note !== undefined && known !== undefined && needsBytes !== true)
    return {
      json: messageOf(queued, note.head.envelope, known, settings),
      object: undefined,
      document: undefined,
    };
  return queued.read((content) => {
    const source = contentSource(content);
    const headOf = settings.headOf ?? receivedHead;
    const { envelope, length: offset } = note?.head ?? headOf(source, content, queued.id);
    const { transferSyntaxUID } = envelope;
    const dataSet = known ?? parseDataSet(source, { transferSyntaxUID, offset });
    expectCharacterSet(dataSet, settings.defaultCharacterSet);
    const filename = settings.files && placeFile(settings.files, content, dataSet, queued);
    const document = settings.document ? encapsulatedDocument(dataSet, source) : undefined;
    return {
      json: messageOf(queued, envelope, dataSet, settings, filename, document),
      object: settings.output === 'buffer' ? copyOf(content, source) : undefined,
      document: document?.data,
    };
  });
}

function messageOf(
  { id, redelivered }: QueuedObject,
  envelope: FileEnvelope,
  dataSet: ParsedDataSet,
  settings: ConversionSettings,
  filename?: string,
  document?: EncapsulatedDocument,
): string {
  const kept = filename === undefined ? {} : { bulkDataURI: pathToFileURL(filename).href };
  const hasObject = settings.output === 'buffer';
  const conversion = convertParsed(dataSet, { hasObject, ...settings, ...kept });
  const warnings = [...oddUids(envelope), ...conversion.warnings];
  const about = aboutObject({ ...conversion, warnings }, envelope, {
    ...(filename !== undefined && { filename }),
    size: dataSet.size,
    queueId: `${settings.receiverId}:${id}`,
    ...(waitsForFlow(settings) && { acknowledgeId: `${settings.receiverId}:${acknowledgeIdOf(id)}` }),
    redelivered,
  });
  // Its bytes go beside the JSON.
  if (document !== undefined) {
    const { mediaType, title } = document;
    about.dicom.document = { mediaType, ...(title !== undefined && { title }) };
  }
  return `{"payload":${conversion.json},${JSON.stringify(about).slice(1)}`;
}

/** Somebody waits for the flow's answer, or the object does for its acknowledgement. */
export function waitsForFlow({ acknowledge, respond }: WaitingSettings): boolean {
  return acknowledge || respond === 'processed';
}

/**
 * What a message says of a converted object beside its payload. What the object is, is what its data set says, whatever the
 * command said.
 */
export function aboutObject(
  { warnings: found, identity }: { warnings: ObjectWarnings; identity: Conversion['identity'] },
  envelope: FileEnvelope,
  {
    filename,
    ...delivery
  }: Pick<MessageFacts, 'size' | 'queueId' | 'acknowledgeId' | 'redelivered'> & { filename?: string },
): Omit<FlowMessage, 'payload'> {
  const sopClassUID = identity.sopClassUID ?? envelope.sopClassUID;
  const sopInstanceUID = identity.sopInstanceUID ?? envelope.sopInstanceUID;
  const asAnnounced = sopClassUID === envelope.sopClassUID && sopInstanceUID === envelope.sopInstanceUID;
  const warnings = asAnnounced ? found : [NOT_AS_ANNOUNCED, ...found];
  // As in `envelopeOf`: a literal that begins with the envelope is slow.
  const dicom = Object.assign({}, envelope, {
    sopClassUID,
    sopInstanceUID,
    sopClassName: uidName(sopClassUID) ?? sopClassUID,
    ...delivery,
    ...(warnings.length > 0 && { warnings }),
  });
  return { topic: identity.studyInstanceUID ?? '', ...(filename !== undefined && { filename }), dicom };
}

/** UIDs of the command that are none by the Standard: the object is taken all the same. */
function oddUids(envelope: FileEnvelope): ObjectWarnings {
  return ANNOUNCED.filter(([field]) => !isPlainUid(envelope[field])).map(([, path]) => ({
    code: 'invalid-uid',
    path,
    text: 'the sender announced a UID that is not digits with single dots between them',
  }));
}

/** What the name of an object's file is made of: the values of the keywords that it needs. */
export function fileNameTexts(
  { keywords }: Pick<FileOutput, 'keywords'>,
  dataSet: ParsedDataSet,
): Record<string, string> {
  const texts = keywords.map((keyword): [string, string] => {
    const values = valuesOfKeyword(dataSet, keyword).map(fileNameText);
    return [keyword, values.join('_')];
  });
  return Object.fromEntries(texts);
}

function placeFile(
  files: FileOutput,
  content: ObjectContent,
  dataSet: ParsedDataSet,
  queued: QueuedObject,
): string {
  return files.place(content, fileNameTexts(files, dataSet), queued.redelivered > 0, queued.id);
}

/** A copy in its own memory: it is transferred to another thread, so it must not share a pool. */
function copyOf(content: ObjectContent, source: ByteSource): Buffer<ArrayBuffer> {
  if (content.kind === 'memory') return content.bytes.copy(0, content.bytes.size);
  const copy = Buffer.alloc(source.size);
  source.read(0, source.size).copy(copy);
  return copy;
}
