import { knownAttributes, tagHex } from '../dicom';

/** An attribute of PS3.6, for people who look for it: keyword, tag as eight hexadecimal digits, VR. */
export type AttributeEntry = readonly [keyword: string, tag: string, vr: string];

/** Command sets, file meta information, items: not of a data set. */
const OTHER_GROUPS: ReadonlySet<number> = new Set([0x0000, 0x0002, 0xfffe]);
/** VRs that PS3.6 leaves open. */
const CHOICES: Readonly<Record<string, string>> = { xs: 'US, SS', ox: 'OB, OW', lt: 'US, OW' };

let listed: readonly AttributeEntry[] | undefined;

/** All that a data set may have, in the order of their keywords. */
export function attributes(): readonly AttributeEntry[] {
  listed ??= [...knownAttributes()]
    .filter(({ tag }) => !OTHER_GROUPS.has(tag >>> 16))
    .map(({ keyword, tag, vr }): AttributeEntry => [keyword, tagHex(tag), CHOICES[vr.name] ?? vr.name])
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return listed;
}
