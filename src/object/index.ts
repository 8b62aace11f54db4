export { contentSource } from './content-source';
export type { ObjectEnvelope } from './envelope';
export { encodeHead, type ObjectHead, type ObjectNote, readHead } from './object-head';
