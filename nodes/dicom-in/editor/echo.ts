import type { SelfEcho } from '../../../src/admin-api';
import { echoDetail, rejectionText, request, statusDigits, targetText, type EchoResult } from '../../editor';
import { form, ourAddress, text, whyFailed } from './form';

/** How a node's own port answered a C-ECHO. */
type Echo = { outcome: 'notListening' } | SelfEcho;
type ReasonsOfEnd = Pick<SelfEcho, 'certificate' | 'hostNotAllowed'>;

/** Calls the port of a node that runs. Never rejects: a failed request is an outcome, too. */
export async function testEcho(nodeId: string): Promise<EchoResult> {
  try {
    const echo = (await request('POST', ourAddress(nodeId, 'echo'))) as Echo;
    return {
      isGood: echo.outcome === 'answered',
      words: words(echo),
      target: echo.outcome === 'notListening' ? '' : targetText(echo, form.texts),
    };
  } catch (error) {
    return { isGood: false, words: whyFailed(error), target: '' };
  }
}

function words(echo: Echo): string {
  switch (echo.outcome) {
    case 'notListening':
      return text('echo.notListening');
    case 'answered':
      return text('echo.answered', { milliseconds: echo.milliseconds });
    case 'timedOut':
      return text('echo.timedOut', { seconds: Math.round(echo.milliseconds / 1000) });
    case 'refused':
      return text('echo.refused', { status: statusDigits(echo.status) });
    case 'rejected':
      return `${text('echo.rejected')} ${rejectionText(echo, form.texts)}`;
    case 'closed':
      return text(reasonOfEnd(echo) ?? 'echo.closed');
    case 'failed':
      if (echo.code === 'ECONNREFUSED') return text('echo.connectionRefused');
      // The system's words are not put through the catalogue.
      return `${text(reasonOfFailure(echo))} (${echoDetail(echo)})`;
  }
}

/** There was no connection that a setting could have ended. */
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EINVAL']);

function reasonOfFailure(echo: ReasonsOfEnd & { code: string }): string {
  return (UNREACHABLE.has(echo.code) ? undefined : reasonOfEnd(echo)) ?? 'echo.failed';
}

/** Why a connection that was there ended, where a setting explains it. */
function reasonOfEnd({ hostNotAllowed, certificate }: ReasonsOfEnd): string | undefined {
  if (hostNotAllowed) return 'echo.hostNotAllowed';
  if (certificate === 'none') return 'echo.noCertificate';
  return certificate === 'own' ? 'echo.ownCertificate' : undefined;
}
