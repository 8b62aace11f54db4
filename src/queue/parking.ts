import type { LetterFacts } from '../admin-api';
import { asciiJson } from '../basics';

/** Who has taken an object on. It outlives a crash. */
export interface Parking {
  owners: readonly string[];
  /** The flow is done with the object: it is removed when the last owner is. */
  isAcknowledged: boolean;
  /** Somebody has given it up: it becomes a dead letter when the last owner is done with it. */
  failure?: { why: string; facts: LetterFacts };
}

/** Of one object. */
const MOST_OWNERS = 16;
const MAX_OWNER = 128;
const OWNER = /^[\x21-\x7e]+$/;

/** For the name of an owner: a node's id, perhaps with `/` and what it tells its work by. */
export function isOwnerName(text: string): boolean {
  return text.length <= MAX_OWNER && OWNER.test(text);
}

/** The id of the node in the name of an owner. */
export function ownerNode(owner: string): string {
  return owner.split('/', 1)[0] ?? '';
}

/** @throws an Error for what is no name of an owner, and where there are too many */
export function withOwner(parking: Parking, owner: string): Parking {
  if (!isOwnerName(owner)) throw new Error('an owner is named by 1 to 128 visible ASCII characters');
  if (parking.owners.includes(owner)) return parking;
  if (parking.owners.length >= MOST_OWNERS) throw new Error(`an object has ${MOST_OWNERS} owners at most`);
  return { ...parking, owners: [...parking.owners, owner] };
}

export function withoutOwner(parking: Parking, owner: string | undefined): Parking {
  return { ...parking, owners: parking.owners.filter((each) => each !== owner) };
}

/** As ASCII text. */
export const parkingText = (parking: Parking): string => asciiJson(parking);

/** Reads `parkingText`. */
export function parseParking(text: string): Parking {
  return JSON.parse(text) as Parking;
}
