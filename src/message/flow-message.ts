import type { DicomMessage } from '../dicom';
import type { FileEnvelope, ObjectEnvelope } from '../object';

/** `msg.dicom`. */
export interface MessageFacts extends FileEnvelope, Omit<Partial<ObjectEnvelope>, keyof FileEnvelope> {
  /** The name of PS3.6 Annex A; the UID where it has none. */
  sopClassName: string;
  /** Bytes of the data set. */
  size: number;
  /** Node and object: what a `dicom-response` node answers to. */
  queueId: string;
  /**
   * The same in other words, where the object waits for the flow: it answers and acknowledges the object as well, and can
   * never open it.
   */
  acknowledgeId?: string;
  /** How often the object may have been delivered before. */
  redelivered: number;
  /** What the conversion found odd. */
  warnings?: readonly { code: string; path: string; text: string }[];
  /** Nobody sent it: it comes from the node's button. */
  sample?: true;
  /** The document that the object encapsulates, where the node is to hand it out. `data` goes beside the JSON. */
  document?: { mediaType: string; title?: string; data?: Buffer };
  /** The Part 10 object, where the node's output is `buffer`. */
  object?: Buffer;
}

/** A flow message before Node-RED gives it its id. */
export interface FlowMessage {
  payload: DicomMessage;
  /** The Study Instance UID. */
  topic: string;
  /** Absolute path of the object, where the node's output is `file`. */
  filename?: string;
  dicom: MessageFacts;
}
