import { STATUS_CODES } from 'node:http';

/** What an *http request* node leaves in `msg.statusCode`. None of these numbers is a status of DICOM (PS3.7 Annex C). */
export function isHttpStatus(value: unknown): value is number {
  return typeof value === 'number' && Object.hasOwn(STATUS_CODES, value);
}

/** That the request succeeded. */
export function isHttpSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
