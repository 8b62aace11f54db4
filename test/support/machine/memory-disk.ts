import { execFileSync } from 'node:child_process';

/** Why `mountMemoryDisk` cannot work here; false: it can. For the `skip` of a test. */
export const cannotMount: string | false = whyNot();

function whyNot(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'skipped: needs to mount a tmpfs: root on Linux';
  try {
    // In a name space of its own, which ends with the command: so nothing is left.
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'], { stdio: 'pipe' });
    return false;
  } catch (error) {
    return `skipped: needs to mount a tmpfs: ${(error as Error).message}`;
  }
}

/** Mounts a disk in memory at a directory that exists. @param options as `size=1m` */
export function mountMemoryDisk(mountPoint: string, options = 'size=64m'): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mountPoint]);
}

export function remount(mountPoint: string, options: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${options}`, mountPoint]);
}

export function unmount(mountPoint: string): void {
  execFileSync('umount', [mountPoint]);
}
