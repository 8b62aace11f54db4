export { asciiBytes, CODE, isPadding, trimmed } from './ascii';
export { CharacterSet, decodeDefault, splitValues } from './character-set';
export { type JsonLimits, JsonText, OutOfRoom } from './json-text';
export { plainText } from './plain-text';
export { REPLACEMENT } from './replacement';
