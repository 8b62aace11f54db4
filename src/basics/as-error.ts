/** Anything may be thrown; what says why, as the errors of JSONata do, which are none of JavaScript, is heard. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const { message } = Object(thrown) as { message?: unknown };
  return new Error(typeof message === 'string' ? message : String(thrown));
}
