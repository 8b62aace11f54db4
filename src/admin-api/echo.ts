import type { DicomPeerProblem } from '../settings';

/** What became of a C-ECHO. */
export type EchoOutcome =
  | { outcome: 'answered'; milliseconds: number }
  /** With a status other than success. */
  | { outcome: 'refused'; status: number }
  /** PS3.8 9.3.4 */
  | { outcome: 'rejected'; result: number; source: number; reason: number }
  /** The connection ended before there was an answer, in an orderly way or not. */
  | { outcome: 'closed' }
  | { outcome: 'timedOut'; milliseconds: number }
  /** No connection: `code` is the system's or TLS' word for why. Or one that is of no use: `NOT_DICOM`, `NO_VERIFICATION`. */
  | { outcome: 'failed'; code: string; text: string };

/** Who was called, where, as whom. */
export interface EchoCalled {
  host: string;
  port: number;
  callingAET: string;
  calledAET: string;
  tls: boolean;
}

/** How a receiver answered a C-ECHO of our own, and what was asked. */
export type SelfEcho = EchoOutcome &
  EchoCalled & {
    /** The receiver wants a certificate of its callers: its own was shown, where that is possible. */
    certificate: 'notNeeded' | 'own' | 'none';
    /** The setting `allowedHosts` shuts out this machine itself. */
    hostNotAllowed: boolean;
  };

/** What became of the test of a peer, and whom it called. */
export type PeerEcho =
  | (EchoOutcome & EchoCalled)
  | { outcome: 'invalid'; problems: DicomPeerProblem[] }
  | { outcome: 'tlsUnusable'; reason: string }
  /** The passcode is not given, and the stored one is for another host or port. */
  | { outcome: 'passcodeElsewhere' };
