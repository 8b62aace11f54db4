import { request } from '../../editor';
import { ourAddress, text, whyFailed } from './form';

/** How a node's own port answered a C-ECHO, as the admin API tells it. */
type Echo =
  | { outcome: 'notListening' }
  | (EchoTarget &
      (
        | { outcome: 'answered' | 'timedOut'; milliseconds: number }
        | { outcome: 'refused'; status: number }
        | { outcome: 'rejected'; result: number; source: number; reason: number }
        | { outcome: 'closed' }
        | { outcome: 'failed'; code: string; text: string }
      ));

interface EchoTarget {
  host: string;
  port: number;
  callingAET: string;
  calledAET: string;
  tls: boolean;
  certificate: 'notNeeded' | 'own' | 'none';
  hostNotAllowed: boolean;
}

/** An outcome in words. */
export interface EchoResult {
  isGood: boolean;
  /** What it means, and what to do. */
  words: string;
  /** Who was called, where. */
  target: string;
}

/** Calls the port of a node that runs. Never rejects: a failed request is an outcome, too. */
export async function testEcho(nodeId: string): Promise<EchoResult> {
  try {
    const echo = (await request('POST', ourAddress(nodeId, 'echo'))) as Echo;
    return { isGood: echo.outcome === 'answered', words: words(echo), target: target(echo) };
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
      return text('echo.refused', { status: echo.status.toString(16).toUpperCase().padStart(4, '0') });
    case 'rejected':
      return `${text('echo.rejected')} ${rejectionText(echo)}`;
    case 'closed':
      return text(reasonOfEnd(echo) ?? 'echo.closed');
    case 'failed':
      if (echo.code === 'ECONNREFUSED') return text('echo.connectionRefused');
      // The system's words are not put through the catalogue.
      return `${text(reasonOfFailure(echo))} (${echo.code || echo.text})`;
  }
}

/** There was no connection that a setting could have ended. */
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EINVAL']);

function reasonOfFailure(echo: EchoTarget & { code: string }): string {
  return (UNREACHABLE.has(echo.code) ? undefined : reasonOfEnd(echo)) ?? 'echo.failed';
}

/** Why a connection that was there ended, where a setting explains it. */
function reasonOfEnd({ hostNotAllowed, certificate }: EchoTarget): string | undefined {
  if (hostNotAllowed) return 'echo.hostNotAllowed';
  if (certificate === 'none') return 'echo.noCertificate';
  return certificate === 'own' ? 'echo.ownCertificate' : undefined;
}

function target(echo: Echo): string {
  if (echo.outcome === 'notListening') return '';
  const { host, port, callingAET, calledAET, tls } = echo;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const parts = [`${calledAET} (${where})`, `${text('echo.by')} ${callingAET}`, ...(tls ? ['TLS'] : [])];
  return `${text('echo.called')} ${parts.join(', ')}`;
}

/** PS3.8 9.3.4: by source and reason. */
const REJECTIONS: Readonly<Record<string, string>> = {
  '1/2': 'echo.rejection.context',
  '1/3': 'echo.rejection.caller',
  '1/7': 'echo.rejection.called',
  '2/2': 'echo.rejection.protocol',
  '3/1': 'echo.rejection.congestion',
  '3/2': 'echo.rejection.limit',
};

/** Why an association is rejected, and what to do; with its numbers where they mean nothing here. */
export function rejectionText({ source, reason }: { source: number; reason: number }): string {
  const key = REJECTIONS[`${source}/${reason}`];
  return key === undefined ? `${text('echo.rejection.other')} ${source}/${reason}` : text(key);
}
