/** The facts that travel with an object through the queue: `msg.dicom` without what is only known at delivery. */
export interface ObjectEnvelope {
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
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
  /** ISO 8601 */
  receivedAt: string;
}
