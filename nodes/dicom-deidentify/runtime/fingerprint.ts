import { Identifiers } from '../../../src/dicom';

/** By which two machines can see that they have the same secret. */
export function fingerprintOf(secret: string): string {
  return new Identifiers(Buffer.from(secret, 'utf8')).fingerprint;
}
