import { Kind, type Vr, VR } from '../standard';

const TEXT = 'ANONYMIZED';
const TEXTS: ReadonlyMap<Vr, string> = new Map<Vr, string>([
  [VR.AS, '000D'],
  [VR.DA, '19000101'],
  [VR.DT, '19000101000000'],
  [VR.TM, '000000'],
  [VR.DS, '0'],
  [VR.IS, '0'],
  [VR.UI, '2.25.0'],
  [VR.UR, 'about:blank'],
]);

/** A value that says nothing and is one of its VR (PS3.15 E.1, "D"), not padded. */
export function dummyValue(vr: Vr): Buffer {
  if (vr.kind === Kind.Binary || vr.kind === Kind.Tag || vr.kind === Kind.Bytes)
    return Buffer.alloc(Math.max(vr.width, 2));
  return Buffer.from(TEXTS.get(vr) ?? TEXT, 'latin1');
}
