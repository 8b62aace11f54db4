/** Elements of group 0000 (PS3.7 E.1). */
export const Tag = {
  groupLength: 0x0000,
  affectedSopClassUID: 0x0002,
  requestedSopClassUID: 0x0003,
  commandField: 0x0100,
  messageId: 0x0110,
  messageIdBeingRespondedTo: 0x0120,
  moveDestination: 0x0600,
  priority: 0x0700,
  dataSetType: 0x0800,
  status: 0x0900,
  offendingElement: 0x0901,
  errorComment: 0x0902,
  errorId: 0x0903,
  affectedSopInstanceUID: 0x1000,
  requestedSopInstanceUID: 0x1001,
  eventTypeId: 0x1002,
  actionTypeId: 0x1008,
  remainingSubOperations: 0x1020,
  completedSubOperations: 0x1021,
  failedSubOperations: 0x1022,
  warningSubOperations: 0x1023,
  moveOriginatorAET: 0x1030,
  moveOriginatorMessageId: 0x1031,
} as const;

/** Command Data Set Type that says "no data set follows" (PS3.7 E.1); any other says that one does. */
export const NO_DATA_SET = 0x0101;
export const DATA_SET = 0x0000;

/** What pads a UID, and what pads other text (PS3.5 6.2). */
export const NUL = 0;
export const SPACE = 0x20;

export const ELEMENT_HEADER = 8;
/** An element whose value is one short. */
export const SHORT_ELEMENT = ELEMENT_HEADER + 2;
/** The element of the group length. */
export const GROUP_LENGTH_ELEMENT = ELEMENT_HEADER + 4;
/** Bytes of an element with this text. */
export const textElement = (text: string): number => ELEMENT_HEADER + text.length + (text.length % 2);

/** Writes elements one behind the other into one piece of memory: there is a command set for each object. */
export class CommandSetWriter {
  private readonly bytes: Buffer;
  /** The group length comes first, and is known last. */
  private length = ELEMENT_HEADER + 4;

  /** @param room bytes that will do */
  constructor(room: number) {
    this.bytes = Buffer.alloc(room);
  }

  short(tag: number, value: number): void {
    const at = this.header(tag, 2);
    this.bytes.writeUInt16LE(value, at);
  }

  /** Latin-1 text. Values have an even length (PS3.5 7.1.1). */
  text(tag: number, text: string, padding: number): void {
    const at = this.header(tag, text.length + (text.length % 2));
    this.bytes.write(text, at, 'latin1');
    if (text.length % 2 !== 0) this.bytes[at + text.length] = padding;
  }

  finish(): Buffer {
    const { length } = this;
    this.length = 0;
    this.bytes.writeUInt32LE(length - ELEMENT_HEADER - 4, this.header(Tag.groupLength, 4));
    return this.bytes.subarray(0, length);
  }

  /** Returns where the value is to be written. */
  private header(tag: number, valueLength: number): number {
    const at = this.length;
    this.bytes.writeUInt16LE(tag, at + 2);
    this.bytes.writeUInt32LE(valueLength, at + 4);
    this.length = at + ELEMENT_HEADER + valueLength;
    return at + ELEMENT_HEADER;
  }
}
