import { dirname, join, resolve, sep } from 'node:path';

/** Not a matter of one folder: the disk, the system or the network is what is wrong. */
const EVERYWHERE = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'ESTALE',
  'EMFILE',
  'ENFILE',
  'ENODEV',
  'ENXIO',
  'ENOTCONN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
]);

/** The file system takes no file of that name: it will not the next time, either. */
const OF_NAME = new Set(['ENAMETOOLONG', 'EILSEQ', 'EINVAL']);

/** Whether it is the name that cannot be, whatever becomes of the disk. @param code the system's */
export function isNameRefused(code: string): boolean {
  return OF_NAME.has(code);
}

/** Why a file could not be put in place, as a code: it may be tried again, or its name is what is wrong. */
export function placeCode({ cause }: Error): 'not-placed' | 'name-refused' {
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  return isNameRefused(code) ? 'name-refused' : 'not-placed';
}

/** A name for why an object's file could not be put in place: objects of one name are likely to fare alike. */
export function placeCause({ message, cause }: Error): string {
  const { code, path, dest, syscall } = (cause ?? {}) as NodeJS.ErrnoException & { dest?: string };
  if (code === undefined) return message;
  if (EVERYWHERE.has(code)) return code;
  const place = dest ?? path ?? '';
  return `${code} ${syscall === 'mkdir' ? place : dirname(place)}`;
}

/** Why, for a log: names below the output directory may tell who the patient is, and are left out. */
export function placeReason({ message, cause }: Error, directory: string): string {
  const { path, dest } = (cause ?? {}) as NodeJS.ErrnoException & { dest?: string };
  const root = resolve(directory);
  let reason = message;
  for (const named of [path, dest])
    if (named?.startsWith(root + sep)) reason = reason.replaceAll(named, join(root, '…'));
  return reason;
}
