import { fileSource, type ByteSource } from '../dicom';
import type { ObjectContent } from '../queue';

/** The bytes of a queued object for `src/dicom`. */
export function contentSource(content: ObjectContent): ByteSource {
  if (content.kind === 'file') return fileSource(content.fd, content.size);
  const { bytes } = content;
  return {
    size: bytes.size,
    window: (offset, length) => ({ bytes: bytes.view(offset, length), offset }),
    read: (offset, length) => bytes.view(offset, length).subarray(0, length),
  };
}
