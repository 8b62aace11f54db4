import type { Text } from './node-texts';

/** Why a node does not do what a message asks for. Each reason has words in its catalogue, and a code. */
export class NodeFailed<Failure extends string = string> extends Error {
  constructor(
    readonly failure: Failure,
    readonly values: Record<string, string | number> = {},
    /** The reason among the values, without what may tell whose the object is, such as the name of a file. */
    readonly discreetReason = values['reason'],
  ) {
    super(failure);
  }

  /** The same for a place that is to have no patient data. */
  get discreet(): NodeFailed<Failure> {
    const { failure, values, discreetReason } = this;
    return new NodeFailed(
      failure,
      discreetReason === undefined ? values : { ...values, reason: discreetReason },
    );
  }
}

type SettingsFailure<Failed> = new (failure: 'settingsInvalid', values: { problems: string }) => Failed;

/** Why a node does nothing that has these problems with its settings; undefined: there are none. @param Kind of its failures */
export function settingsFailure<Failed>(
  Kind: SettingsFailure<Failed>,
  problems: readonly string[],
): Failed | undefined {
  return problems.length === 0 ? undefined : new Kind('settingsInvalid', { problems: problems.join('; ') });
}

/** An error as Catch nodes get it. */
export type CodedError = Error & { code: string };

/**
 * Node-RED makes text of an error, for Catch nodes and the log, by its `toString`, which would begin with "Error: ".
 * @param text in Node-RED's language
 */
export function codedError(text: string, code: string): CodedError {
  return Object.assign(Object.defineProperty(new Error(text), 'name', { value: '' }), { code });
}

/** How a type of nodes tells of its failures. */
export interface NodeErrors<Failure extends string> {
  /** `dicom-edit`, `notChanged` → `DICOM_EDIT_NOT_CHANGED`. */
  codeOf(this: void, failure: Failure): string;
  /** In Node-RED's language, with its code. */
  errorOf(this: void, text: Text, failed: NodeFailed<Failure>): CodedError;
}

/**
 * The errors of a type of nodes, with words from `error` of its catalogue.
 * @param sameCode failures that share the code of another one
 */
export function nodeErrors<Failure extends string>(
  type: string,
  sameCode?: Readonly<Partial<Record<Failure, Failure>>>,
): NodeErrors<Failure> {
  const codeOf = (failure: Failure): string =>
    `${type}_${(sameCode?.[failure] ?? failure).replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
  const errorOf = (text: Text, { failure, values }: NodeFailed<Failure>): CodedError => {
    // Where the last value of a text is missing, the blank before it is left.
    const words = text(`error.${failure}`, values).trimEnd();
    return codedError(words, codeOf(failure));
  };
  return { codeOf, errorOf };
}
