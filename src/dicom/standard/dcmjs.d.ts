/** dcmjs ships no types; this is the part that src/dicom uses: the data dictionary. */
declare module 'dcmjs' {
  export const data: {
    DicomMetaDictionary: {
      nameMap: Record<string, { tag: string; name: string; vr: string; vm: string }>;
    };
  };
}
