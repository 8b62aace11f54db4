/** Compressed pixel data → native pixel data, frame by frame. */
export { readCodeStream } from './code-stream';
export type { CodeStream } from './code-stream-facts';
export { type CompressedSyntax, shownSyntax } from './compressed-syntaxes';
export { containerBits, decodingProblem } from './decoding';
export { decompress, type Decoder, isDecompressible } from './decompress';
export { bytesOfFrame, framesIn } from './frames-in';
export { type ImagePixels, imagePixelsOf } from './image-pixels';
export { encodeJpeg, LocalDecoder } from './local-decoder';
export { decodeRle } from './rle';
export { WorkerDecoder } from './worker-decoder';
