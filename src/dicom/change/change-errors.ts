import { printable } from '../../basics';
import { DicomError } from '../errors';

const LONGEST_PLACE = 200;

/** Of an operation: "operations[3], RequestAttributesSequence[0].ScheduledProcedureStepID". */
export interface Place {
  /** Its number among the operations; undefined: it is an attribute of a message. */
  readonly operation: number | undefined;
  readonly path: string;
}

/** Why changes are not applied. */
export class ChangeError extends DicomError {
  constructor(
    code: 'changes-invalid' | 'cannot-change',
    /** Undefined: no single operation. A text: the attribute of the object that is in the way. */
    readonly place: Place | string | undefined,
    /** Without the place; never a value. */
    readonly reason: string,
  ) {
    super(code, `${typeof place === 'string' ? place : textOf(place)}: ${reason}`);
  }
}

/** @param reason what is wrong and what would be right; never a value */
export function invalidChanges(place: Place | undefined, reason: string): ChangeError {
  return new ChangeError('changes-invalid', place, reason);
}

/** The operation is in order, and cannot be applied to this object. */
export function cannotChange(place: Place | string, reason: string): ChangeError {
  return new ChangeError('cannot-change', place, reason);
}

function textOf(place: Place | undefined): string {
  if (place === undefined) return 'msg.dicom.changes';
  const { operation, path } = place;
  const shown = printable(path.slice(0, LONGEST_PLACE)) + (path.length > LONGEST_PLACE ? '…' : '');
  if (operation === undefined) return shown === '' ? 'the message' : shown;
  return `operations[${operation}]${shown === '' ? '' : `, ${shown}`}`;
}
