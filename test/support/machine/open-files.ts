import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';

/** How many files whose path begins so this process has open, also those that have no name any more. */
export function openFiles(path: string): number {
  const fds = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd') : [];
  return fds.filter((fd) => targetOf(fd).startsWith(path)).length;
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    // The one that listed them is closed.
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return '';
  }
}
