import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FILE_MODE, realFiles } from '../../../basics';

const FILE = 'instance.json';

interface InstanceFile {
  version: 1;
  name: string;
  host: string;
}

/**
 * The name under which the queue knows an instance: the same after a restart, and another one where its folder has been copied
 * to another machine.
 * @throws the system's error
 */
export function instanceName(directory: string): string {
  const path = join(directory, FILE);
  const found = read(path);
  return found?.host === hostname() ? found.name : makeName(path);
}

/**
 * Another name, for somebody else goes by this one: the folder has been copied on this machine, or to one that has its host name.
 * @throws the system's error
 */
export function otherInstanceName(directory: string, taken: string): string {
  const name = instanceName(directory);
  return name === taken ? makeName(join(directory, FILE)) : name;
}

function makeName(path: string): string {
  const made: InstanceFile = { version: 1, name: randomBytes(16).toString('hex'), host: hostname() };
  realFiles.writeFileSync(path, JSON.stringify(made), { mode: FILE_MODE });
  return made.name;
}

/** Undefined: there is none, or it was not written to its end. */
function read(path: string): InstanceFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as InstanceFile;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
