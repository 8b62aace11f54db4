/** Compressed pixel data → native pixel data, frame by frame. */
export { decompress, type DecompressOptions, type Decoder, isDecompressible } from './decompress';
export { WorkerDecoder } from './worker-decoder';
