import { asError } from './as-error';

/** Whether it is a code of the system, such as `ENOSPC`, and not one of ours. */
export function isSystemCode(code: string): boolean {
  return /^E[A-Z0-9]{1,20}$/.test(code);
}

/** What Node.js says of a path that no file can have, such as one with a NUL. */
const NO_PATH = 'ERR_INVALID_ARG_VALUE';

/** Why something failed, as it may be logged: the system's own words name the file, which may be named after a patient. */
export function loggableReason(error: unknown): string {
  const { code, message } = asError(error) as NodeJS.ErrnoException;
  return typeof code === 'string' && (isSystemCode(code) || code === NO_PATH) ? code : message;
}
