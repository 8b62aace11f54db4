/**
 * What a dead letter tells of its object, where that could be read. Patient data: for the operator and the flow, never for
 * the log.
 */
export interface LetterFacts {
  patientID?: string;
  studyInstanceUID?: string;
  modality?: string;
  sopClassUID?: string;
  /** The name of PS3.6 Annex A. */
  sopClassName?: string;
  sopInstanceUID?: string;
  callingAET?: string;
  /** Name of the peer to which it could not be sent. */
  peer?: string;
  /** Of a file in a watched folder: its path below that, by which people there know it. */
  path?: string;
  /** Bytes of the object. */
  size?: number;
  /** ISO 8601 */
  receivedAt?: string;
  /** The status with which the flow, or the peer, answered, four hexadecimal digits. */
  status?: string;
  /** Tries to send it that may have reached the peer. */
  attempts?: number;
}

/** An object that was set aside after the last attempt. Notes of earlier versions have no facts. */
export interface DeadLetter extends LetterFacts {
  id: string;
  /** ISO 8601; empty where it is not known. */
  at: string;
  why: string;
  /** How often the flow may have got it. */
  deliveries: number;
  /** How often the process ended while it had the object. Missing in letters of the first version. */
  crashes?: number;
}

/** Some dead letters, and how many there are. */
export interface DeadLetterList {
  deadLetters: DeadLetter[];
  total: number;
}

export interface DeadLetterPage extends DeadLetterList {
  /** The `after` of the next page; absent on the last one. */
  next?: string;
}
