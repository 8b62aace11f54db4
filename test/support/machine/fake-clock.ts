import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Debian has libfaketime in a folder of the machine's architecture. */
const LIBRARIES = '/usr/lib';
const LIBRARY = join('faketime', 'libfaketimeMT.so.1');

/** Path of libfaketime; undefined: it is not installed. */
export function fakeClock(): string | undefined {
  if (!existsSync(LIBRARIES)) return undefined;
  return readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, LIBRARY))
    .find((path) => existsSync(path));
}

/** The environment of a process whose clock is so many hours ahead, or behind. How fast time passes for it is right. */
export function clockOff(hours: number): Record<string, string> {
  return {
    LD_PRELOAD: fakeClock() ?? '',
    FAKETIME: `${hours < 0 ? '' : '+'}${hours * 3_600}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
