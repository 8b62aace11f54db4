export { bufferSource, type ByteSource, type ByteWindow, Cursor, fileSource } from './byte-source';
export { type Encoding, encodingOf } from './encoding';
export { encodeFileMeta, type FileMeta, readFileMeta } from './file-meta';
export { inflate } from './inflate';
export type { StructureVisitor } from './structure-visitor';
export { walkDataSet } from './structure';
