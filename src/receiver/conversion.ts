import { convert, readFileMeta, uidName, type ByteSource } from '../dicom';
import type { QueuedObject } from '../queue';
import type { DicomInSettings } from '../settings';
import { decodeEnvelope } from './envelope';
import type { FlowMessage } from './message';
import { contentSource } from './object-intake';

export type ConversionSettings = Pick<
  DicomInSettings,
  'includeCommonFieldsNode' | 'includeReportNode' | 'includeTagsNode' | 'tagsFormat' | 'output'
>;

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

/** @throws DicomError, or the system's error, when the object cannot be read (it could when it was accepted) */
export function convertQueued(queued: QueuedObject, settings: ConversionSettings): ConvertedObject {
  return queued.read((content) => {
    const source = contentSource(content);
    const meta = readFileMeta(source);
    const envelope = decodeEnvelope(meta);
    const {
      message,
      warnings: found,
      identity,
    } = convert(source, {
      ...settings,
      transferSyntaxUID: envelope.transferSyntaxUID,
      offset: meta.dataSetOffset,
    });
    // What the object is, is what its data set says, whatever the command said.
    const sopClassUID = identity.sopClassUID ?? envelope.sopClassUID;
    const sopInstanceUID = identity.sopInstanceUID ?? envelope.sopInstanceUID;
    const asAnnounced = sopClassUID === envelope.sopClassUID && sopInstanceUID === envelope.sopInstanceUID;
    const warnings = asAnnounced ? found : [NOT_AS_ANNOUNCED, ...found];
    return {
      message: {
        payload: message,
        topic: identity.studyInstanceUID ?? '',
        dicom: {
          ...envelope,
          sopClassUID,
          sopInstanceUID,
          sopClassName: uidName(sopClassUID) ?? sopClassUID,
          size: source.size - meta.dataSetOffset,
          queueId: queued.id,
          redelivered: queued.redelivered,
          ...(warnings.length > 0 && { warnings }),
        },
      },
      object: settings.output === 'buffer' ? copyOf(source) : undefined,
    };
  });
}

/** A copy in memory of its own: it is handed to another thread, and not shared with a pool. */
function copyOf(source: ByteSource): Buffer<ArrayBuffer> {
  const copy = Buffer.alloc(source.size);
  const { bytes, offset } = source.window(0, source.size);
  bytes.copy(copy, 0, 0 - offset);
  return copy;
}
