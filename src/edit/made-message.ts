/** A message that names no place: `payload`, `topic`, and what `msg.dicom` can say of an object that nobody sent. */
export interface MadeMessage {
  /** As JSON, which crosses to the main thread at the least cost. */
  json: string;
}
