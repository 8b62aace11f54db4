/** Whether it is a code of the system, such as `ENOSPC`, and not one of ours. */
export function isSystemCode(code: string): boolean {
  return /^E[A-Z0-9]{1,20}$/.test(code);
}
