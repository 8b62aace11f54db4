import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep, isAbsolute } from 'node:path';

/** A directory lies below the watched one, where its files would be taken again. */
class InsideFolder extends Error {
  override readonly name = 'InsideFolder';
  readonly code = 'FOLDER_INSIDE';
}

/** @throws InsideFolder where one of these lies in the folder, by whatever path it is called; the system's error */
export function checkOutside(folder: string, others: readonly string[]): void {
  const real = realpathSync(folder);
  for (const other of others)
    if (other !== '' && isBelow(realOf(resolve(other)), real))
      throw new InsideFolder(`${other} must not be inside of the watched directory ${folder}`);
}

/** Of one that is not there yet: where it will be. */
function realOf(path: string): string {
  if (existsSync(path) || path === dirname(path)) return realpathSync(path);
  return join(realOf(dirname(path)), path.slice(dirname(path).length).replace(/^[/\\]/, ''));
}

export function isBelow(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path));
}
