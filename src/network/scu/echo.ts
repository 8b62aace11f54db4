import { DEFAULT_TRANSFER_SYNTAX, VERIFICATION_SOP_CLASS } from '../upper-layer';
import { ScuAssociation, type ScuTarget } from './association';
import type { OpenOutcome } from './outcomes';

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
  /** No connection: `code` is the system's or TLS' word for why. */
  | { outcome: 'failed'; code: string; text: string };

export interface EchoTarget extends ScuTarget {
  /** For all of it. */
  timeoutMs: number;
}

const CONTEXT_ID = 1;
const CONTEXTS = [
  { id: CONTEXT_ID, abstractSyntax: VERIFICATION_SOP_CLASS, transferSyntaxes: [DEFAULT_TRANSFER_SYNTAX] },
];
const MAX_PDU_LENGTH = 16_384;
