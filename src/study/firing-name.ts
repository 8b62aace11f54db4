/** Of an id of a firing: so it is as long as what tells objects of a queue apart (`sequenceOf`). */
export const GROUP_DIGITS = 16;
const NUMBER_DIGITS = 7;
const NAME = new RegExp(`^[0-9a-f]{${GROUP_DIGITS}}-\\d{${NUMBER_DIGITS}}$`);

/** A firing, by its group and its number. */
export interface FiringName {
  group: string;
  number: number;
}

/** By which flows know it. */
export function firingId(group: string, number: number): string {
  return `${group}-${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

/** Undefined: it is no id of a firing. */
export function firingNameIn(id: string): FiringName | undefined {
  if (!NAME.test(id)) return undefined;
  return { group: id.slice(0, GROUP_DIGITS), number: Number(id.slice(GROUP_DIGITS + 1)) };
}

/** Who holds the objects of a firing, or of what will be one, in their queues. @param begin how all owners of the node begin */
export function ownerName(begin: string, { group, number }: FiringName): string {
  return `${begin}${group}-${number}`;
}

/** Undefined: it is none. */
export function firingOfOwner(owner: string): FiringName | undefined {
  const [, group, number] = /-([0-9a-f]{16})-(\d{1,9})$/.exec(owner) ?? [];
  return group === undefined ? undefined : { group, number: Number(number) };
}
