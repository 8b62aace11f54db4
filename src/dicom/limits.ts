/** Values of OB, OW, OF, OD, OL, OV and UN up to this many bytes are inlined as base64; larger ones are bulk data. */
export const BINARY_INLINE_LIMIT = 1024;
/** US, SS, UL, SL, FL, FD, SV, UV and AT: up to this many bytes are inlined as numbers. */
export const NUMBERS_INLINE_LIMIT = 65536;
/** Text and numbers written as text (DS, IS). A longer one is bulk data, too, and reported. */
export const TEXT_INLINE_LIMIT = 1024 * 1024;
