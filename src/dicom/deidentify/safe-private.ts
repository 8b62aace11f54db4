import { type Vr, VR } from '../standard';

/** Private attributes of PS3.15 Table E.3.10-1 (compared with that of 2026d) that are numbers or codes, and so can be checked: by creator, group and element. */
const SAFE: Readonly<Record<string, readonly (readonly [group: number, element: number, vr: Vr])[]>> = {
  'Philips PET Private Group': [
    [0x7053, 0x00, VR.DS], // SUV factor
    [0x7053, 0x09, VR.DS], // Activity concentration factor
  ],
  'Philips Imaging DD 001': [
    [0x2001, 0x03, VR.FL], // Diffusion b-factor
    [0x2001, 0x04, VR.CS], // Diffusion direction
  ],
  'SIEMENS MR HEADER': [
    [0x0019, 0x0c, VR.IS], // b-value
    [0x0019, 0x0d, VR.CS], // Diffusion directionality
    [0x0019, 0x0e, VR.FD], // Diffusion gradient direction
    [0x0019, 0x27, VR.FD], // b-matrix
  ],
  ELSCINT1: [
    [0x00e1, 0x21, VR.DS], // DLP
    [0x00e1, 0x50, VR.DS], // Acquisition duration
    [0x01e1, 0x26, VR.CS], // Phantom type
    [0x01f1, 0x01, VR.CS], // Acquisition type
    [0x01f1, 0x07, VR.DS], // Table velocity
    [0x01f1, 0x26, VR.DS], // Pitch
    [0x01f1, 0x27, VR.DS], // Rotation time
  ],
  GEMS_ACQU_01: [
    [0x0019, 0x23, VR.DS], // Table speed
    [0x0019, 0x24, VR.DS], // Mid scan time
    [0x0019, 0x27, VR.DS], // Rotation speed
  ],
  GEMS_PARM_01: [
    [0x0043, 0x27, VR.SH], // Scan pitch ratio, as "1.375:1"
    [0x0043, 0x39, VR.IS], // b-value
  ],
  GEMS_HELIOS_01: [
    [0x0045, 0x01, VR.SS], // Number of macro rows in the detector
    [0x0045, 0x02, VR.FL], // Macro width at the isocentre
  ],
};

const byName = new Map(
  Object.entries(SAFE).flatMap(([creator, attributes]) =>
    attributes.map(([group, element, vr]) => [`${creator}\0${group}\0${element}`, vr] as const),
  ),
);

/** The VR of a private attribute that is known to be safe (PS3.15 E.3.10). */
export function safePrivateVr(creator: string, tag: number): Vr | undefined {
  return byName.get(`${creator}\0${tag >>> 16}\0${tag & 0xff}`);
}
