export { bufferSource, type ByteSource, type ByteWindow, Cursor, fileSource } from './byte-source';
export { HEADER, LONG_HEADER, UNDEFINED_LENGTH } from './header-lengths';
export { type Encoding, encodingOf } from './encoding';
export { changedFileMeta, encodeFileMeta, type FileMeta, readFileMeta } from './file-meta';
export { type ByteRange, pixelItems } from './pixel-items';
export { openDataSet } from './inflate';
export { NOBODY, type StructureVisitor } from './structure-visitor';
export { walkDataSet } from './structure';
