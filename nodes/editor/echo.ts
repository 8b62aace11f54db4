import type { EchoCalled, EchoOutcome } from '../../src/admin-api';
import type { Texts } from './texts';

/** An outcome in words. */
export interface EchoResult {
  isGood: boolean;
  /** What it means, and what to do. */
  words: string;
  /** Who was called, where; empty: nobody. */
  target: string;
}

/**
 * Sends a test echo, and shows what came of it.
 * @param prefix of the ids of the parts: `echo` (the button), `answer` with `outcome` and `target` in it
 */
export async function showEcho(
  prefix: string,
  { text }: Texts,
  send: () => Promise<EchoResult>,
): Promise<void> {
  const part = (name: string): JQuery => $(`#${prefix}-${name}`);
  const button = part('echo').prop('disabled', true);
  part('outcome').removeClass('dicom-good dicom-bad').text(text('echo.calling'));
  part('target').text('');
  const { isGood, words, target } = await send();
  part('outcome')
    .addClass(isGood ? 'dicom-good' : 'dicom-bad')
    .text(words);
  part('target').text(target);
  // Whatever the size of the window: the answer is what was asked for.
  part('answer')[0]?.scrollIntoView({ block: 'nearest' });
  button.prop('disabled', false).trigger('focus');
}

/** Our own codes, of which the words say more. */
const OUR_CODES: ReadonlySet<string> = new Set(['NOT_DICOM', 'NO_VERIFICATION']);

/** Why there was no echo, as the system, or the peer, has it. */
export function echoDetail({ code, text }: EchoOutcome & { outcome: 'failed' }): string {
  return code === '' || OUR_CODES.has(code) ? text : code;
}

export function targetText({ host, port, callingAET, calledAET, tls }: EchoCalled, { text }: Texts): string {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const parts = [`${calledAET} (${where})`, `${text('echo.by')} ${callingAET}`, ...(tls ? ['TLS'] : [])];
  return `${text('echo.called')} ${parts.join(', ')}`;
}

/** A status as four hexadecimal digits. */
export const statusDigits = (status: number): string => status.toString(16).toUpperCase().padStart(4, '0');

/** PS3.8 9.3.4: by source and reason. */
const REJECTIONS: Readonly<Record<string, string>> = {
  '1/1': 'echo.rejection.noReason',
  '1/2': 'echo.rejection.context',
  '1/3': 'echo.rejection.caller',
  '1/7': 'echo.rejection.called',
  '2/1': 'echo.rejection.noReason',
  '2/2': 'echo.rejection.protocol',
  '3/1': 'echo.rejection.congestion',
  '3/2': 'echo.rejection.limit',
};

/** Why an association is rejected, and what to do; with its numbers where they mean nothing here. */
export function rejectionText(
  { source, reason }: { source: number; reason: number },
  { text }: Texts,
): string {
  const key = REJECTIONS[`${source}/${reason}`];
  return key === undefined ? `${text('echo.rejection.other')} ${source}/${reason}` : text(key);
}
