import type { DiskFiles } from '../basics';
import type { PinnedBytes } from './object-handle';
import { ObjectDamaged } from './object-damaged';

/**
 * A part of an open file, which is closed when it is not needed any more.
 * @param onUnpin called then
 */
export function pinnedRange(
  fd: number,
  start: number,
  size: number,
  files: Pick<DiskFiles, 'read' | 'closeSync'>,
  onUnpin?: () => void,
): PinnedBytes {
  return {
    size,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length;) {
        const count = await files.read(fd, bytes.subarray(done), length - done, start + offset + done);
        if (count === 0) throw new ObjectDamaged('the file of the object has become shorter');
        done += count;
      }
      return bytes;
    },
    unpin: () => {
      files.closeSync(fd);
      onUnpin?.();
    },
  };
}
