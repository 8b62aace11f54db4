import type { LetterFacts } from '../queue';

/**
 * Faults that an operator should hear of. The words are in the node's locales under `error.<kind>`; Catch nodes see the
 * code that `faultCode` makes of the kind.
 */
export type FaultKind =
  | 'portInUse'
  | 'needsPrivilege'
  | 'addressNotAvailable'
  | 'listenFailed'
  | 'queueUnusable'
  | 'queueLeftover'
  | 'notConverted'
  | 'notAcknowledged'
  | 'crashed'
  | 'notPlaced'
  | 'notRead'
  | 'notPlacedInTime'
  | 'notSent'
  | 'responseTimedOut'
  | 'workerCrashed'
  | 'settingsInvalid'
  | 'tlsMissing'
  | 'unexpected';

export interface ReceiverFault {
  kind: FaultKind;
  /** Facts for the text. */
  values: Record<string, string | number>;
  /** The object that it is about: for Catch nodes, never for a text that may get into a log. */
  object?: LetterFacts;
  /** True while the receiver does not listen because of it (it goes on trying by itself). */
  down: boolean;
}

/** `portInUse` → `DICOM_PORT_IN_USE`. */
export function faultCode(kind: FaultKind): string {
  return `DICOM_${kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

const LISTEN_FAULTS: Readonly<Record<string, FaultKind>> = {
  EADDRINUSE: 'portInUse',
  EACCES: 'needsPrivilege',
  EADDRNOTAVAIL: 'addressNotAvailable',
};

/** What a failed attempt to listen means. */
export function listenFault(error: unknown, port: number, address: string): ReceiverFault {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const values = { port, address, reason: message };
  return { kind: LISTEN_FAULTS[code] ?? 'listenFailed', values, down: true };
}

export function queueFault(error: unknown, directory: string): ReceiverFault {
  const { code, message } = error as NodeJS.ErrnoException;
  // Our own codes need words, those of the system are words of their own.
  const reason = code === undefined || code.startsWith('QUEUE_') ? message : code;
  return { kind: 'queueUnusable', values: { directory, reason }, down: true };
}
