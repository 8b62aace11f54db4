import type { OpenOutcome } from './association';
import type { EchoOutcome } from '../../admin-api';
import { Deadline } from '../../basics';
import { Status } from '../dimse';
import { DEFAULT_TRANSFER_SYNTAX, VERIFICATION_SOP_CLASS } from '../upper-layer';
import { ScuAssociation } from './association';
import type { ScuTarget } from './association-options';

export interface EchoTarget extends ScuTarget {
  /** For all of it. */
  timeoutMs: number;
}

const CONTEXT_ID = 1;
const CONTEXTS = [
  { id: CONTEXT_ID, abstractSyntax: VERIFICATION_SOP_CLASS, transferSyntaxes: [DEFAULT_TRANSFER_SYNTAX] },
];
const MAX_PDU_LENGTH = 16_384;

/** Opens an association, sends C-ECHO, and releases (PS3.4 A.4). Never rejects: every end is an outcome. */
export async function sendEcho({ timeoutMs, ...target }: EchoTarget): Promise<EchoOutcome> {
  const started = performance.now();
  const late = new AbortController();
  const deadline = new Deadline();
  deadline.start(timeoutMs, () => late.abort());
  const outcome = await echoWithin(target, timeoutMs / 1_000, late.signal);
  deadline.stop();
  const milliseconds = Math.round(performance.now() - started);
  if (outcome.outcome === 'answered' || outcome.outcome === 'timedOut') return { ...outcome, milliseconds };
  return late.signal.aborted ? { outcome: 'timedOut', milliseconds } : outcome;
}

/** Times are still to be filled in. */
async function echoWithin(target: ScuTarget, seconds: number, late: AbortSignal): Promise<EchoOutcome> {
  const limits = {
    connectTimeoutSeconds: seconds,
    associationTimeoutSeconds: seconds,
    responseTimeoutSeconds: seconds,
    writeTimeoutSeconds: seconds,
    maxPduLength: MAX_PDU_LENGTH,
  };
  const opened = await ScuAssociation.open(target, CONTEXTS, limits, { signal: late });
  if (opened.outcome === 'rejected') return opened;
  if (opened.outcome === 'failed') return notOpened(opened);
  const { association } = opened;
  const stop = (): void => association.abort('it takes too long');
  late.addEventListener('abort', stop);
  if (late.aborted) stop();
  const outcome = await echoOn(association);
  await (association.isOpen ? association.release() : association.ended);
  late.removeEventListener('abort', stop);
  return outcome;
}

async function echoOn(association: ScuAssociation): Promise<EchoOutcome> {
  if (!association.contexts.has(CONTEXT_ID)) {
    const text = 'the peer does not offer the Verification service';
    return { outcome: 'failed', code: 'NO_VERIFICATION', text };
  }
  const outcome = await association.echo(CONTEXT_ID);
  if (outcome.outcome === 'answered') {
    const { status } = outcome;
    return status === Status.success
      ? { outcome: 'answered', milliseconds: 0 }
      : { outcome: 'refused', status };
  }
  const end = await association.ended;
  return end.by === 'peer' ? { outcome: 'closed' } : { outcome: 'failed', code: '', text: end.text };
}

/** What a peer that ends a connection at once leaves, depending on what was on its way at that moment. */
const ENDED_BY_PEER = ['ECONNRESET', 'EPIPE', 'CLOSED'];

function notOpened({ code, text }: OpenOutcome & { outcome: 'failed' }): EchoOutcome {
  if (ENDED_BY_PEER.includes(code)) return { outcome: 'closed' };
  if (code === 'TIMEOUT') return { outcome: 'timedOut', milliseconds: 0 };
  return { outcome: 'failed', code: code === 'PROTOCOL' ? 'NOT_DICOM' : code, text };
}
