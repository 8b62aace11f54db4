import { realFiles } from '../../../basics';
import type { PinnedBytes } from '../../object-handle';
import { pinnedRange } from '../../pinned-range';

/** An open file that several have: it is closed when the last of them has released it. */
export class OpenFile {
  private holders = 1;

  constructor(
    readonly fd: number,
    readonly size: number,
    readonly path: string,
  ) {}

  release(): void {
    this.holders -= 1;
    if (this.holders === 0) realFiles.closeSync(this.fd);
  }

  /** Its bytes, which stay whatever becomes of its name and of the other holders. */
  pin(): PinnedBytes {
    this.holders += 1;
    return pinnedRange(this.fd, 0, this.size, { ...realFiles, closeSync: () => this.release() });
  }
}
