import { hexStatus } from '../network';
import type { Stored } from './send-job';

/** What is known after a restart of an object that a peer has stored; which object it is, is in the object. */
export type StoredBefore = Omit<Stored, 'instance'>;

/** Before what follows. */
const PREFIX = 'stored/';

/** The name of the owner under which an object is parked that a peer has stored: 128 characters at most. */
export function ownerOfStored({ target, status, transferSyntaxUID }: StoredBefore): string {
  return `${PREFIX}${target}/${hexStatus(status)}/${transferSyntaxUID}`;
}

/** Reads `ownerOfStored`. Undefined: it is none. */
export function storedOfOwner(owner: string): StoredBefore | undefined {
  const [, target = '', status = '', transferSyntaxUID = ''] = owner.split('/');
  if (!owner.startsWith(PREFIX) || !/^[0-9A-F]{4}$/.test(status)) return undefined;
  return { target, status: parseInt(status, 16), transferSyntaxUID };
}
