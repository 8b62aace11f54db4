import { MAX_UID_LENGTH } from '../../dicom';
import { type CommandSet, isFailure, RESPONSE_BIT } from '../dimse';
import type { OperationOutcome } from './outcomes';

/** Of a UID that is too long, one character more than it may have is read. */
const LONGEST_READ_UID = MAX_UID_LENGTH + 1;

/** By what a response is known to belong to its request. */
export interface Requested {
  commandField: number;
  messageId: number;
  sopClassUID: string;
  /** Undefined: the operation is on no instance. */
  sopInstanceUID?: string;
}

/** How far a request has come: nothing of it, a part, or all of it has been given to the system. */
type Progress = 'preparing' | 'sending' | 'sent';

/** An operation that was invoked, until its outcome is known. */
export class Operation {
  progress: Progress = 'preparing';
  readonly outcome: Promise<OperationOutcome>;
  isSettled = false;
  private resolve: (outcome: OperationOutcome) => void = () => undefined;

  constructor(protected readonly requested: Requested) {
    this.outcome = new Promise((resolve) => (this.resolve = resolve));
  }

  /** Only the first one counts. */
  settle(outcome: OperationOutcome): void {
    this.isSettled = true;
    this.resolve(outcome);
  }

  /** The association has ended. */
  lose(text: string): void {
    this.settle({ outcome: this.progress === 'sent' ? 'unknown' : 'notSent', text });
  }

  /** Takes a command set that the peer sent. Returns why it cannot be the response; undefined: it is. */
  take(command: CommandSet): string | undefined {
    const problem = this.mismatch(command);
    if (problem !== undefined) return problem;
    const { status = 0, errorComment, offendingElements } = command;
    this.settle({
      outcome: 'answered',
      status,
      ...(errorComment !== undefined && { errorComment }),
      offendingElements,
    });
    return undefined;
  }

  /** @param hasDataSet whether it is to have one */
  protected mismatch(command: CommandSet, hasDataSet = false): string | undefined {
    const { commandField, messageId, sopClassUID, sopInstanceUID } = this.requested;
    if (command.commandField !== (commandField | RESPONSE_BIT))
      return 'a message that is no response to ours';
    if (command.respondsTo !== messageId) return 'a response to another message id';
    if (differs(command.affectedSopClassUID, sopClassUID)) return 'a response for another SOP class';
    if (differs(command.affectedSopInstanceUID, sopInstanceUID)) return 'a response for another SOP instance';
    if (command.hasDataSet !== hasDataSet) return `a response ${hasDataSet ? 'without' : 'with'} a data set`;
    if (command.status === undefined) return 'a response without a status';
    // Only a failure may come early (PS3.7 9.3.1.3).
    if (this.progress === 'preparing') return 'a response before its request';
    if (this.progress === 'sending' && !isFailure(command.status))
      return 'success before the object was sent';
    return undefined;
  }
}

/** A response need not repeat the UIDs (PS3.7 9.1.1.1); those that it has must be the request's, as far as they are read. */
function differs(answered: string | undefined, asked: string | undefined): boolean {
  return answered !== undefined && asked !== undefined && answered !== asked.slice(0, LONGEST_READ_UID);
}
