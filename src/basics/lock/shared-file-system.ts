import type { statfsSync } from 'node:fs';

/** The one file operation that is needed, so that a test can replace it. */
export interface StatFs {
  statfsSync: typeof statfsSync;
}

/**
 * File systems that other machines may use at the same time, by the number that Linux gives them (statfs(2), and the kernel's
 * `magic.h`). FUSE is among them, because nothing says what stands behind it: it may be sshfs or a cluster.
 */
const SHARED: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0x19830326, 'BeeGFS'],
  [0xaad7aaea, 'PanFS'],
  [0x20030528, 'OrangeFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0xbeefdead, 'StorNext'],
  [0x013111a8, 'IBRIX'],
  [0x61636673, 'ACFS'],
  [0xa501fcf5, 'VxFS'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'HGFS'],
  [0x7c7c6673, 'Parallels folder'],
]);

/**
 * What the file system of a directory is called, where other machines may use it, too; undefined where it is this machine's.
 * On macOS the system's numbers say nothing, so that each counts as this machine's.
 * @param path the directory's real path
 */
export function sharedFileSystem(path: string, files: StatFs): string | undefined {
  if (process.platform === 'win32') return path.startsWith('\\\\') ? 'SMB' : undefined;
  if (process.platform !== 'linux') return undefined;
  // On machines of 32 bits, the number may come with a sign.
  return SHARED.get(files.statfsSync(path).type >>> 0);
}
