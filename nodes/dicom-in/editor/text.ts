import type { Finding } from '../../../src/settings';
import { catalogue } from '../../editor/catalogue';
import { RequestFailed } from './requests';

/** The texts of this node's catalogue. */
export const { text, hasText } = catalogue('dicom-in');

/** A finding in words. */
export function findingText({ code, values }: Pick<Finding, 'code' | 'values'>): string {
  return text(`problem.${code}`, values);
}

/** Why a request came to nothing, and what to do. The runtime's words are not put through the catalogue. */
export function failureText(error: unknown): string {
  const status = error instanceof RequestFailed ? error.status : undefined;
  if (status === 0) return text('request.noAnswer');
  if (status === 401 || status === 403) return text('request.notAllowed');
  if (status === 404) return text('request.notRunning');
  return `${text('request.failed')} ${error instanceof Error ? error.message : String(error)}`;
}

/** In the reader's own format; as it came where it is no time. */
export function localTime(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleString();
}
