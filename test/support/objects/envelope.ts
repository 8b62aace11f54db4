import type { ObjectEnvelope } from '../../../src/object';
import { SAMPLE_UID } from '../peers/store-client';

/** Facts of an object that somebody sent. */
export const ENVELOPE: ObjectEnvelope = {
  callingAET: 'CT01',
  calledAET: 'NODE_RED',
  remoteAddress: '10.1.2.3',
  remotePort: 50_000,
  localPort: 11_112,
  associationId: 'a1',
  messageId: 7,
  moveOriginatorAET: 'ARCHIVE',
  moveOriginatorMessageId: 3,
  sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUID: SAMPLE_UID,
  transferSyntaxUID: '1.2.840.10008.1.2.1',
  receivedAt: '2026-11-24T10:15:00.000Z',
};

const VERSION = '"version":1,';

/** The bytes that `encodeHead` made, as another version writes them: just as long. Undefined: as one without a number. */
export function ofVersion(head: Buffer, version: number | undefined): Buffer {
  const bytes = Buffer.from(head);
  const at = bytes.indexOf(VERSION);
  if (at < 0) throw new Error('the head has no version');
  bytes.write(version === undefined ? ' '.repeat(VERSION.length) : `"version":${version},`, at);
  return bytes;
}
