import { fileSource, type ByteSource } from '../dicom';
import type { ObjectContent } from '../queue';

/** The bytes of a queued object for `src/dicom`. */
export function contentSource(content: ObjectContent): ByteSource {
  if (content.kind === 'file') return withHead(fileSource(content.fd, content.size), content.head);
  const { bytes } = content;
  return {
    size: bytes.size,
    window: (offset, length) => ({ bytes: bytes.view(offset, length), offset }),
    read: (offset, length) => bytes.view(offset, length).subarray(0, length),
  };
}

/** Memory has the first bytes of the file: those are not read from it. */
function withHead(file: ByteSource, head: Buffer | undefined): ByteSource {
  if (head === undefined) return file;
  return {
    ...file,
    window: (offset, length) =>
      offset + length <= head.length ? { bytes: head, offset: 0 } : file.window(offset, length),
  };
}
