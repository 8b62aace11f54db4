/** UIDs of PS3.6 Annex A that the upper layer itself needs. */
export const VERIFICATION_SOP_CLASS = '1.2.840.10008.1.1';
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
/** Implicit VR Little Endian, which every SCP supports (PS3.5 10.1). */
export const DEFAULT_TRANSFER_SYNTAX = '1.2.840.10008.1.2';
