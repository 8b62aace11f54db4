/** UIDs of PS3.6 Annex A that the upper layer itself needs. */
export const VERIFICATION_SOP_CLASS = '1.2.840.10008.1.1';
/** Storage Commitment Push Model, and its well-known instance (PS3.4 J.3). */
export const COMMITMENT_SOP_CLASS = '1.2.840.10008.1.20.1';
export const COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1';
/** Modality Performed Procedure Step (PS3.4 F.7). */
export const STEP_SOP_CLASS = '1.2.840.10008.3.1.2.3.3';
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
/** Implicit VR Little Endian, which every SCP supports (PS3.5 10.1). */
export const DEFAULT_TRANSFER_SYNTAX = '1.2.840.10008.1.2';
