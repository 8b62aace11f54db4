/** Values of OB, OW, OF, OD, OL, OV and UN up to this many bytes are inlined as base64; larger ones are bulk data. */
export const BINARY_INLINE_LIMIT = 1024;
/** US, SS, UL, SL, FL, FD, SV, UV and AT: up to this many bytes are inlined as numbers. */
export const NUMBERS_INLINE_LIMIT = 65536;
/** Text and numbers written as text (DS, IS). A longer one is bulk data, too, and reported. */
export const TEXT_INLINE_LIMIT = 1024 * 1024;
/** Of all values of an object together; what comes after is bulk data, too. */
export const MESSAGE_INLINE_LIMIT = 64 * 1024 * 1024;
/**
 * Sequences within sequences, at most. Everything downstream recurses over the message (JSON.stringify, Node-RED's
 * clone, a debug sidebar); real objects stay below 20.
 */
export const MAX_DEPTH = 256;
/** Data elements and items of an object, at most: a message of more would exhaust the memory of its thread. */
export const MAX_ELEMENTS = 2_000_000;
