import {
  accepted,
  type ChoiceProblem,
  integerBetween,
  type NumberProblem,
  oneOf,
  someOfThem,
} from './checks/values';
import type { Check } from './finding';

/** One property of a node in the flow JSON. What kinds there are decides how a value is read and how a dialog shows it. */
interface FieldOf<Kind extends string, Value, Code extends string> {
  kind: Kind;
  /** What a flow means that does not have the property: it never changes. */
  default: Value;
  /** Value of a node dropped from the palette, if it differs from the default. */
  initial?: Value;
  check: Check<Code>;
  /** Nothing acts on it yet: no dialog and no page has it. */
  isPlanned?: true;
  /**
   * Number of digits of the text: Node-RED converts an environment variable that looks like a number, so 0110 arrives as 110.
   */
  digits?: number;
}
/** `nodeType`: it is the id of a node of that type, which is another one where Node-RED copies both. */
export type TextField<Code extends string = string> = FieldOf<'text', string, Code> & { nodeType?: string };
export type NumberField<Code extends string = string> = FieldOf<'number', number, Code>;
export type BooleanField = FieldOf<'boolean', boolean, never>;
/** `nodeType`: it lists configuration nodes of that type, by their ids. `choices`: it lists some of these. */
export type ListField = FieldOf<'list', readonly string[], ChoiceProblem> & {
  nodeType?: string;
  /** There are no others. */
  choices?: readonly string[];
};
/** One of a list of texts; the field's own check may allow others. */
export type ChoiceField<Choice extends string = string> = FieldOf<'choice', Choice, ChoiceProblem> & {
  choices: readonly Choice[];
};
/** The id of a configuration node of a type; empty: none. */
export type NodeField = FieldOf<'node', string, never> & { nodeType: string };
/** Objects in an order, which a dialog edits row by row. */
export type RowsField<Row extends object = object, Code extends string = string> = FieldOf<
  'rows',
  readonly Row[],
  Code
> & {
  /** What the flow, or the dialog as JSON text, has; what is no row is left out. */
  read: (raw: unknown) => readonly Row[];
};
export type Field = TextField | NumberField | BooleanField | ListField | ChoiceField | NodeField | RowsField;

export const text = <Code extends string = never>(
  value: string,
  check: Check<Code> = accepted,
): TextField<Code> => ({ kind: 'text', default: value, check });

/** The id of a node that is none of configuration. */
export const nodeId = <Code extends string>(nodeType: string, check: Check<Code>): TextField<Code> => ({
  ...text('', check),
  nodeType,
});

export const integer = (value: number, min: number, max: number): NumberField<NumberProblem> => ({
  kind: 'number',
  default: value,
  check: integerBetween(min, max),
});

export const flag = (value: boolean): BooleanField => ({ kind: 'boolean', default: value, check: accepted });

/** The first one is the default. */
export const choice = <Choice extends string>(value: Choice, ...others: Choice[]): ChoiceField<Choice> => ({
  kind: 'choice',
  default: value,
  choices: [value, ...others],
  check: oneOf([value, ...others]),
});

/** Texts in any order, none by default. */
export const list = (): ListField => ({ kind: 'list', default: [], check: accepted });

/** Any of these, none by default. */
export const someOf = (...choices: string[]): ListField => ({
  ...list(),
  choices,
  check: someOfThem(choices),
});
/** None by default. @param check looks at them as JSON text */
export const rows = <Row extends object, Code extends string>(
  read: RowsField<Row>['read'],
  check: Check<Code>,
): RowsField<Row, Code> => ({ kind: 'rows', default: [], read, check });

/** Configuration nodes of a type, by their ids; none by default. */
export const configNodes = (nodeType: string): ListField => ({ ...list(), nodeType });

export const configNode = (nodeType: string): NodeField => ({
  kind: 'node',
  default: '',
  nodeType,
  check: accepted,
});

/** A field of what is still to come: flows may have its default only. */
export const planned = <F extends Field>(field: F): F => ({ ...field, isPlanned: true });

/** A field whose value in a node from the palette is another one than in an old flow. */
export const startingAs = <F extends Field>(initial: F['default'], field: F): F => ({ ...field, initial });
