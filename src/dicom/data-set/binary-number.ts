import { type Vr, VR } from '../standard';
import { bigInteger, floatingPoint } from './numbers';

/** One value of a VR of binary numbers; a string where JSON has no number for it. */
export function numberAt(vr: Vr, bytes: Buffer, at: number, bigEndian: boolean): number | string {
  switch (vr) {
    case VR.US:
      return bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
    case VR.SS:
      return bigEndian ? bytes.readInt16BE(at) : bytes.readInt16LE(at);
    case VR.UL:
      return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    case VR.SL:
      return bigEndian ? bytes.readInt32BE(at) : bytes.readInt32LE(at);
    case VR.FL:
      return floatingPoint(bigEndian ? bytes.readFloatBE(at) : bytes.readFloatLE(at));
    case VR.FD:
      return floatingPoint(bigEndian ? bytes.readDoubleBE(at) : bytes.readDoubleLE(at));
    case VR.SV:
      return bigInteger(bigEndian ? bytes.readBigInt64BE(at) : bytes.readBigInt64LE(at));
    default:
      return bigInteger(bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  }
}
