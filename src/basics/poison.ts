/** What no object, PDU or text of a test is full of. */
export const POISON = 0xdd;

/**
 * For memory that will be used again: whoever still reads it is to find nothing that looks right. Only tests pay for that,
 * which run with `DICOM_POISON=1` in the environment.
 */
export const poison: (memory: Buffer) => void =
  process.env['DICOM_POISON'] === '1' ? (memory) => void memory.fill(POISON) : () => undefined;
