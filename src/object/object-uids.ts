import {
  type ConversionWarning,
  isAcceptableInstanceUid,
  knownClass,
  plainlyHas,
  TAG,
  textsInBeginning,
} from '../dicom';

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
  const { sopClassUID: announcedClass, sopInstanceUID: announcedInstance, transferSyntaxUID } = meta;
  const asAnnounced: Identified = {
    sopClassUID: knownClass(announcedClass),
    sopInstanceUID: announcedInstance,
    transferSyntaxUID,
  };
  const announced: [number, string][] = [
    [TAG.SOPClassUID, announcedClass],
    [TAG.SOPInstanceUID, announcedInstance],
  ];
  if (plainlyHas(beginning, transferSyntaxUID, announced)) return asAnnounced;
  const said = textsInBeginning(beginning, transferSyntaxUID, ['SOPClassUID', 'SOPInstanceUID']);
  const sopClassUID = usable(said.SOPClassUID && knownClass(said.SOPClassUID), asAnnounced.sopClassUID);
  const sopInstanceUID = usable(said.SOPInstanceUID, announcedInstance);
  if (sopClassUID === asAnnounced.sopClassUID && sopInstanceUID === announcedInstance) return asAnnounced;
  return {
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    announced: { sopClassUID: announcedClass, sopInstanceUID: announcedInstance },
    warnings: [NOT_AS_ANNOUNCED],
  };
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
