import { closeSync, openSync, rmSync } from 'node:fs';
import { realFiles } from '../../../basics';
import type { BlockBuffer } from '../../block-buffer';
import { ObjectDamaged } from '../../object-damaged';
import type { PinnedBytes } from '../../object-handle';
import type { ObjectContent } from '../../object-queue';
import { pinnedRange } from '../../pinned-range';
import type { OpenFile } from '../directory';

/** In memory, in a file of this machine that goes with the copy, or in place in the shared directory. Undefined: nowhere. */
export type CopyPlace =
  { bytes: BlockBuffer } | { path: string; size: number } | { file: OpenFile } | undefined;

/** The bytes of an object of the queue, on this machine, as long as it is in flight here. */
export class LocalCopy {
  private isGone = false;

  /**
   * @param damage why the bytes are not those that were received
   * @param onGone called when it is discarded
   */
  constructor(
    private readonly where: CopyPlace,
    private readonly damage?: string,
    private readonly onGone: () => void = () => undefined,
  ) {}

  /** The bytes are not those that were received; or there are none. */
  get isDamaged(): boolean {
    return this.damage !== undefined;
  }

  /** As `QueuedObject.read`. */
  read<T>(use: (content: ObjectContent) => T, evenIfDamaged: boolean): T {
    const { where } = this;
    if (this.isGone) throw new ObjectDamaged('the object is not on this machine any more');
    if (where === undefined || (this.damage !== undefined && !evenIfDamaged))
      throw new ObjectDamaged(this.damage ?? '');
    if ('bytes' in where) return use({ kind: 'memory', bytes: where.bytes });
    if ('file' in where) {
      const { fd, size, path } = where.file;
      return use({ kind: 'file', fd, size, path });
    }
    const { path, size } = where;
    const fd = openSync(path, 'r');
    try {
      return use({ kind: 'file', fd, size, path });
    } finally {
      closeSync(fd);
    }
  }

  /** The bytes, for somebody who has them longer than this copy is here. */
  pin(): PinnedBytes {
    const { where } = this;
    if (where === undefined || this.damage !== undefined) throw new ObjectDamaged(this.damage ?? '');
    if ('file' in where) return where.file.pin();
    if ('path' in where) return pinnedRange(openSync(where.path, 'r'), 0, where.size, realFiles);
    const { bytes } = where;
    const whole = bytes.copy(0, bytes.size);
    return {
      size: whole.length,
      read: (offset, length) => Promise.resolve(Buffer.from(whole.subarray(offset, offset + length))),
      unpin: () => undefined,
    };
  }

  /** It is not needed any more. */
  discard(): void {
    if (this.isGone) return;
    this.isGone = true;
    const { where } = this;
    if (where !== undefined) {
      if ('bytes' in where) where.bytes.clear();
      else if ('file' in where) where.file.release();
      else rmSync(where.path, { force: true });
    }
    this.onGone();
  }
}
