/** What is wrong with a value. `error`: the node must not start with it. `warning`: it starts, and says so. */
export interface Finding<Code extends string = string> {
  /** The catalogues of a node type have its words, as `problem.<code>`. */
  code: Code;
  severity: 'error' | 'warning';
  /** Facts for the words: the offending token, limits, choices. */
  values: Record<string, string | number>;
}

/** A finding with the setting that it is about: where several are about each other, the one where it is put right. */
export interface Problem<Field extends string = string, Code extends string = string> extends Finding<Code> {
  field: Field;
}

/** Looks at one value as text, and says what is wrong with it. */
export type Check<Code extends string = string> = (value: string) => Finding<Code>[];

export const finding = <Code extends string>(
  code: Code,
  values: Finding['values'] = {},
  severity: Finding['severity'] = 'error',
): Finding<Code> => ({ code, severity, values });
