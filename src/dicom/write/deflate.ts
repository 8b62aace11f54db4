import { pipeline, Readable } from 'node:stream';
import { createDeflateRaw } from 'node:zlib';

const ZERO = Buffer.alloc(1);

/** An RFC 1951 stream of the bytes, padded to an even length (PS3.5 A.5). */
export async function* deflated(
  blocks: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  const deflater = createDeflateRaw();
  // An error in reading the blocks destroys the deflater, and is thrown to whoever reads from it.
  pipeline(Readable.from(blocks), deflater, () => undefined);
  let length = 0;
  for await (const block of deflater as AsyncIterable<Buffer>) {
    length += block.length;
    yield block;
  }
  if (length % 2 !== 0) yield ZERO;
}
