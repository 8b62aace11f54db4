/** The texts of a node type that its code names by a part of their key: of each kind a list that the compiler keeps complete. */
export interface TypeWords {
  /** Codes of what can be wrong with its settings: `problem.CODE`. */
  problems: Readonly<Record<string, true>>;
  /** What it says that does not work, `error.KIND`, with the code that Catch nodes get; undefined: it has none of its own. */
  errors?: Readonly<Record<string, string | undefined>>;
  /** Short texts that the runtime can show: `status.KEY`. */
  status?: readonly string[];
  /** Other keys. */
  keys?: readonly string[];
}

/** Each kind of failure with its code. */
export function withCodes<Failure extends string>(
  failures: Readonly<Record<Failure, true>>,
  codeOf: (failure: Failure) => string | undefined,
): Record<string, string | undefined> {
  return Object.fromEntries(
    (Object.keys(failures) as Failure[]).map((failure) => [failure, codeOf(failure)]),
  );
}

/** The texts of what is no setting of a node, but which it keeps encrypted. */
export function credentialKeys(credentials: object): string[] {
  return Object.keys(credentials).flatMap((name) => [`label.${name}`, `hint.${name}`]);
}
