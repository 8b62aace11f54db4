import { type ConversionWarning, isAcceptableInstanceUid, knownClass, textsInBeginning } from '../dicom';

/** What the command that sends an object says of it. */
export interface ObjectUids {
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
}

/** Which object it is. */
export interface Identified extends ObjectUids {
  /** What its file meta information says, where that names another object. */
  readonly announced?: Pick<ObjectUids, 'sopClassUID' | 'sopInstanceUID'>;
  /** What is odd about it, or has been done to it on the way; undefined: nothing that a flow should know. */
  readonly warnings?: readonly ConversionWarning[];
}

/**
 * Which object a Part 10 file holds. What the object is, is what its data set says (PS3.4 B.2.3: a peer may refuse what is
 * announced as something else), not what the file meta information in front of it says. That counts where the data set says
 * nothing under which an object can be sent.
 * @param beginning of the data set
 */
export function identified(meta: ObjectUids, beginning: Buffer): Identified {
  const { transferSyntaxUID } = meta;
  const said = textsInBeginning(beginning, transferSyntaxUID, ['SOPClassUID', 'SOPInstanceUID']);
  const sopClassUID = usable(said.SOPClassUID && knownClass(said.SOPClassUID), meta.sopClassUID);
  const sopInstanceUID = usable(said.SOPInstanceUID, meta.sopInstanceUID);
  const uids = { sopClassUID, sopInstanceUID, transferSyntaxUID };
  if (sopClassUID === knownClass(meta.sopClassUID) && sopInstanceUID === meta.sopInstanceUID) return uids;
  const announced = { sopClassUID: meta.sopClassUID, sopInstanceUID: meta.sopInstanceUID };
  return { ...uids, announced, warnings: [NOT_AS_ANNOUNCED] };
}

function usable(uid: string | undefined, otherwise: string): string {
  return uid !== undefined && isAcceptableInstanceUid(uid) ? uid : otherwise;
}

/** The data set is of another object than was said by who sent it, or wrote its file. */
export const NOT_AS_ANNOUNCED: ConversionWarning = {
  code: 'not-as-announced',
  path: '00080018',
  text: 'the command of the sender, or the file meta information, names a SOP Class or Instance UID that differs from the data set',
};
