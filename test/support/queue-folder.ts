import { readdirSync } from 'node:fs';

/** The objects in a queue's directory, complete and half-written ones, without its lock and its dead letters. */
export function queuedFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => /\.(dcm|part)$/.test(name));
}
