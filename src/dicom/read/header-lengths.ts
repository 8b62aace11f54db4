export const UNDEFINED_LENGTH = 0xffffffff;
/** Tag and length of an item, of an implicit VR element, and of an explicit one with a 16-bit length (PS3.5 7.1). */
export const HEADER = 8;
/** Of an explicit VR element with a 32-bit length. */
export const LONG_HEADER = 12;
