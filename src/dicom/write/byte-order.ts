import { Kind, type Vr } from '../standard';

const TAG_UNIT = 2;

/** Bytes that change their order together when a value is written in the other byte order (PS3.5 7.3). */
export function swapUnit(vr: Vr): number {
  return vr.kind === Kind.Tag ? TAG_UNIT : vr.width;
}

/** Changes the byte order in place. The length is a multiple of the unit. */
export function swap(bytes: Buffer, unit: number): void {
  if (unit === 2) bytes.swap16();
  else if (unit === 4) bytes.swap32();
  else if (unit === 8) bytes.swap64();
}
