/** What the file of an object says of it, wherever it comes from. */
export interface FileEnvelope {
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
  /** ISO 8601 */
  receivedAt: string;
  /** Its path below the directory that it was put into, with `/`. */
  sourceFile?: string;
}

/** The facts that travel with an object through the queue: `msg.dicom` without what is only known at delivery. */
export interface ObjectEnvelope extends FileEnvelope {
  callingAET: string;
  calledAET: string;
  remoteAddress: string;
  remotePort: number;
  localPort: number;
  tls?: { authorized: boolean; subject: string };
  associationId: string;
  messageId: number;
  /** Of the C-MOVE that made the sender send it (PS3.7 9.3.1.1): who asked, and with which message. */
  moveOriginatorAET?: string;
  moveOriginatorMessageId?: number;
}
