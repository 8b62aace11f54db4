import { pathToFileURL } from 'node:url';
import {
  convertParsed,
  parseDataSet,
  uidName,
  type ByteSource,
  type Conversion,
  type ParsedDataSet,
} from '../dicom';
import type { ObjectContent, QueuedObject } from '../queue';
import type { DicomInSettings } from '../settings';
import { contentSource } from './content-source';
import { readHead, type ObjectNote } from './object-head';
import type { FileOutput } from './file-output';
import type { FlowMessage, MessageFacts, ObjectEnvelope } from './message';

export interface ConversionSettings extends Pick<
  DicomInSettings,
  'includeCommonFieldsNode' | 'includeReportNode' | 'includeTagsNode' | 'tagsFormat'
> {
  /** The id of the node, which makes an object's id one that is unique among all receivers. */
  receiverId: string;
  output: DicomInSettings['output'];
  /** Where `output` is `file`. */
  files: FileOutput | undefined;
}

/** A queued object as the flow gets it. `object` is the whole Part 10 file, where the node's output is `buffer`. */
export interface ConvertedObject {
  message: FlowMessage;
  object: Buffer<ArrayBuffer> | undefined;
}

const NOT_AS_ANNOUNCED = {
  code: 'not-as-announced',
  path: '00080018',
  text: 'the sender announced another SOP Class or Instance UID than the data set has',
};

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
  if (note !== undefined && known !== undefined && settings.output === 'none')
    return { message: messageOf(queued, note.head.envelope, known, settings), object: undefined };
  return queued.read((content) => {
    const source = contentSource(content);
    const { envelope, length: offset } = note?.head ?? readHead(source);
    const { transferSyntaxUID } = envelope;
    const dataSet = known ?? parseDataSet(source, { transferSyntaxUID, offset });
    const filename = settings.files && placeFile(settings.files, content, dataSet, queued);
    return {
      message: messageOf(queued, envelope, dataSet, settings, filename),
      object: settings.output === 'buffer' ? copyOf(content, source) : undefined,
    };
  });
}

function messageOf(
  { id, redelivered }: QueuedObject,
  envelope: ObjectEnvelope,
  dataSet: ParsedDataSet,
  settings: ConversionSettings,
  filename?: string,
): FlowMessage {
  const kept = filename === undefined ? {} : { bulkDataURI: pathToFileURL(filename).href };
  return flowMessage(convertParsed(dataSet, { ...settings, ...kept }), envelope, {
    ...(filename !== undefined && { filename }),
    size: dataSet.size,
    queueId: `${settings.receiverId}:${id}`,
    redelivered,
  });
}

/** The message of a converted object. What the object is, is what its data set says, whatever the command said. */
export function flowMessage(
  { message: payload, warnings: found, identity }: Conversion,
  envelope: ObjectEnvelope,
  { filename, ...delivery }: Pick<MessageFacts, 'size' | 'queueId' | 'redelivered'> & { filename?: string },
): FlowMessage {
  const sopClassUID = identity.sopClassUID ?? envelope.sopClassUID;
  const sopInstanceUID = identity.sopInstanceUID ?? envelope.sopInstanceUID;
  const asAnnounced = sopClassUID === envelope.sopClassUID && sopInstanceUID === envelope.sopInstanceUID;
  const warnings = asAnnounced ? found : [NOT_AS_ANNOUNCED, ...found];
  return {
    payload,
    topic: identity.studyInstanceUID ?? '',
    ...(filename !== undefined && { filename }),
    dicom: {
      ...envelope,
      sopClassUID,
      sopInstanceUID,
      sopClassName: uidName(sopClassUID) ?? sopClassUID,
      ...delivery,
      ...(warnings.length > 0 && { warnings }),
    },
  };
}

function placeFile(
  files: FileOutput,
  content: ObjectContent,
  dataSet: ParsedDataSet,
  queued: QueuedObject,
): string {
  const { message } = convertParsed(dataSet, {
    includeCommonFieldsNode: false,
    includeReportNode: false,
    includeTagsNode: true,
    tagsFormat: 'keyword',
  });
  const tags: Record<string, unknown> = message.Tags ?? {};
  const values = Object.fromEntries(files.keywords.map((keyword) => [keyword, fileNameText(tags[keyword])]));
  return files.place(content, values, queued.redelivered > 0);
}

/** A value of Tags as text for a file name: the first representation of a person name, all of several values. */
function fileNameText(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map((one) => fileNameText(one) ?? '').join('_');
  if (typeof value === 'object' && value !== null && 'Alphabetic' in value)
    return fileNameText(value.Alphabetic);
  return undefined;
}

/** A copy in memory of its own: it is handed to another thread, and not shared with a pool. */
function copyOf(content: ObjectContent, source: ByteSource): Buffer<ArrayBuffer> {
  if (content.kind === 'memory') return content.bytes.copy(0, content.bytes.size);
  const copy = Buffer.alloc(source.size);
  source.read(0, source.size).copy(copy);
  return copy;
}
