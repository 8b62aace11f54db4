import { AMBIGUOUS_VR, lookUp, TAG, type Vr, VR } from '../standard';
import type { DataSet, Element } from './data-set';
import { isFirstMappedSigned, isLutDescriptor } from './lut-descriptor';

/** The VR of an element, where that depends on the dictionary or on other elements of its data set. */
export function resolveVr(dataSet: DataSet, element: Element): Vr {
  let { vr } = element;
  if (vr === VR.UN) {
    // Who knows the attribute may read it as what it is: little endian, implicit (PS3.5 6.2.2).
    const known = lookUp(element.tag)?.vr ?? VR.UN;
    if (known !== VR.SQ) vr = known;
    else return element.length === 0 ? known : VR.UN;
  }
  switch (vr) {
    case AMBIGUOUS_VR.xs:
      if (isLutDescriptor(element.tag)) return isFirstMappedSigned(dataSet, element, vr) ? VR.SS : VR.US;
      return dataSet.pixelsSigned ? VR.SS : VR.US;
    case AMBIGUOUS_VR.ox:
      // Implicit VR: OW, for pixel data, overlays, curves and waveforms (PS3.5 A.1). Encapsulated: OB (PS3.5 A.4).
      return element.fragments === undefined ? VR.OW : VR.OB;
    case AMBIGUOUS_VR.lt:
      return lutOfOneEntry(dataSet) ? VR.US : VR.OW;
    default:
      return vr;
  }
}

/** LUT Data is US if LUT Descriptor says that there is one entry, otherwise OW (PS3.3 C.11.1.1, PS3.5 A.1). */
function lutOfOneEntry(dataSet: DataSet): boolean {
  const descriptor = dataSet.find(TAG.LUTDescriptor);
  if (descriptor?.bytes === undefined || descriptor.length < 2) return false;
  const { bytes, start, bigEndian } = descriptor;
  return (bigEndian ? bytes.readUInt16BE(start) : bytes.readUInt16LE(start)) === 1;
}
