import { randomUUID } from 'node:crypto';
import { asError } from '../../basics';
import { DicomError } from '../../dicom';
import {
  type CommandStatus,
  hexStatus,
  NO_LONGER_UPDATED,
  Status,
  type StepListener,
  type StepRequest,
} from '../../network';
import type { Keys } from '../../query';
import { FlowDeadline, type FlowAnswerOutcome, MOST_IN_FLOW, PastAnswers } from '../flow-answers';
import { aboutCaller, type PostedRequest, readRequest } from '../posted-request';
import { tooLarge } from './step-limits';
import { stepMessage } from './step-message';
import type { Step, StepState, StepStore } from './step-store';

/** What a receiver needs for it. */
export interface FlowStepsOptions {
  receiverId: string;
  /** Who answers: the receiver when the step is kept, or the flow. */
  answers: 'at-once' | 'flow';
  deadlineSeconds: number;
  defaultCharacterSet: string;
  store: StepStore;
  /** Tells the flow; answer with `told(id)`. */
  tell(step: PostedRequest): void;
  /** The flow did not answer in time. */
  timedOut(id: string): void;
  /** Steps cannot be kept or read. */
  failed(error: Error): void;
}

/** A step about which the flow is told. */
interface Telling {
  sopInstanceUID: string;
  /** Of a flow that answers. */
  resolve?: (status: CommandStatus) => void;
  deadline?: FlowDeadline;
}

/** Messages on their way to a flow that answers none: it is told at the pace at which Node-RED takes them. */
const MOST_UNTOLD = 64;
const TIDY_MS = 3_600_000;

/**
 * Performed procedure steps (PS3.4 F.7.2): kept on disk before they are answered, and told to the flow. What the flow has not heard of
 * when Node-RED ends is told again, as it was last.
 */
export class FlowSteps implements StepListener {
  private readonly telling = new Map<string, Telling>();
  private readonly past = new PastAnswers();
  /** Of each step that is being changed: one after the other. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private isClosed = false;
  private tidiedAt = -Infinity;

  constructor(private readonly options: FlowStepsOptions) {}

  /** Tells of what is still to be told. Never rejects. */
  async resume(): Promise<void> {
    try {
      for (const uid of await this.tidy()) {
        const step = await this.options.store.read(uid);
        if (step !== undefined && !this.isClosed) this.tell(step, true);
      }
    } catch (error) {
      this.options.failed(asError(error));
    }
  }

  created(request: StepRequest): Promise<CommandStatus> {
    const uid = request.sopInstanceUID ?? newUid();
    return this.inTurn(uid, () => this.create(uid, request));
  }

  changed(request: StepRequest): Promise<CommandStatus> {
    const { sopInstanceUID: uid = '' } = request;
    return this.inTurn(uid, () => this.change(uid, request));
  }

  /** The flow has got the message. */
  async told(id: string): Promise<void> {
    const told = this.telling.get(id);
    // What the flow answers is over when it has answered.
    if (told === undefined || told.resolve !== undefined) return;
    this.telling.delete(id);
    const uid = told.sopInstanceUID;
    await this.inTurn(uid, () => this.heard(uid)).catch(this.failed);
  }

  answer(id: string, status: CommandStatus): FlowAnswerOutcome {
    const telling = this.telling.get(id);
    if (telling?.resolve === undefined)
      return this.options.answers === 'at-once' ? { outcome: 'notAwaited' } : this.past.of(id);
    if (!isStepStatus(status.status)) {
      this.settle(id, WRONG_ANSWER, { outcome: 'alreadyAnswered' });
      return { outcome: 'wrongStatus', value: hexStatus(status.status) };
    }
    this.settle(id, status, { outcome: 'alreadyAnswered' });
    return { outcome: 'answered' };
  }

  close(): void {
    this.isClosed = true;
    for (const id of [...this.telling.keys()]) this.settle(id, STOPS, { outcome: 'tooLate' });
  }

  private async create(uid: string, request: StepRequest): Promise<CommandStatus> {
    const attributes = this.read(request);
    const state = attributes[STATE];
    if (state === undefined || state === null) return NO_STATE;
    if (stateOf(state) !== 'in-progress') return WRONG_STATE;
    if ((await this.options.store.read(uid)) !== undefined)
      return { status: Status.duplicateInstance, comment: 'this procedure step has been created before' };
    if (performance.now() - this.tidiedAt > TIDY_MS) await this.tidy();
    if (this.options.store.isFull) return TOO_MANY_STEPS;
    const answer = await this.settled(uid, 'in-progress', attributes, request);
    if (!isStepFailure(answer.status)) this.options.store.count += 1;
    return { ...answer, sopInstanceUID: uid };
  }

  private async change(uid: string, request: StepRequest): Promise<CommandStatus> {
    const changes = this.read(request);
    const before = await this.options.store.read(uid);
    if (before === undefined)
      return { status: Status.noSuchInstance, comment: 'no such procedure step has been created' };
    if (before.state !== 'in-progress') return OVER;
    const attributes = { ...before.attributes, ...changes };
    const state = stateOf(attributes[STATE]);
    if (state === undefined) return WRONG_STATE;
    return this.settled(uid, state, attributes, request);
  }

  /** @throws DicomError where it cannot be read */
  private read({ attributes, transferSyntaxUID }: StepRequest): Keys {
    return readRequest(attributes, transferSyntaxUID, this.options.defaultCharacterSet).attributes;
  }

  /** It is kept when it is answered with success. */
  private async settled(
    sopInstanceUID: string,
    state: StepState,
    attributes: Keys,
    { association, messageId }: StepRequest,
  ): Promise<CommandStatus> {
    const caller = { ...aboutCaller(association), messageId };
    const step: Step = {
      sopInstanceUID,
      state,
      attributes,
      caller,
      receivedAt: new Date().toISOString(),
    };
    const refused = this.isClosed ? STOPS : tooLarge(attributes);
    if (refused !== undefined) return refused;
    if (this.options.answers === 'flow') return this.byFlow(step);
    if (this.telling.size >= MOST_UNTOLD) return TOO_MANY_IN_FLOW;
    await this.options.store.write(step);
    this.tell(step, false);
    return { status: Status.success };
  }

  private async byFlow(step: Step): Promise<CommandStatus> {
    if (this.telling.size >= MOST_IN_FLOW) return TOO_MANY_IN_FLOW;
    const answer = await new Promise<CommandStatus>((resolve) => {
      const { deadlineSeconds: seconds } = this.options;
      const deadline = new FlowDeadline(seconds, () => {
        const comment = `no answer within ${seconds} s`;
        this.settle(id, { status: Status.processingFailure, comment }, { outcome: 'tooLate' });
        this.options.timedOut(id);
      });
      const id = this.tell(step, false, { resolve, deadline });
      deadline.start();
    });
    if (isStepFailure(answer.status)) return answer;
    await this.options.store.write(step);
    await this.options.store.told(step.sopInstanceUID);
    return answer;
  }

  private tell(step: Step, isAgain: boolean, waiting: Omit<Telling, 'sopInstanceUID'> = {}): string {
    const id = randomUUID();
    const { sopInstanceUID } = step;
    this.telling.set(id, { sopInstanceUID, ...waiting });
    const message = stepMessage(step, `${this.options.receiverId}:${id}`, isAgain);
    this.options.tell({ id, json: JSON.stringify(message) });
    return id;
  }

  private settle(id: string, status: CommandStatus, past: FlowAnswerOutcome): void {
    const telling = this.telling.get(id);
    if (telling === undefined) return;
    this.telling.delete(id);
    telling.deadline?.stop();
    this.past.add(id, past);
    telling.resolve?.(status);
  }

  /** What was told is what the step is now, unless there is more to be told of it. */
  private async heard(uid: string): Promise<CommandStatus> {
    const isLatest = ![...this.telling.values()].some(({ sopInstanceUID }) => sopInstanceUID === uid);
    if (isLatest) await this.options.store.told(uid);
    return { status: Status.success };
  }

  private async tidy(): Promise<string[]> {
    this.tidiedAt = performance.now();
    return this.options.store.tidy(Date.now());
  }

  /** What fails is told to the node's operator; the peer hears no more than that it failed. */
  private async inTurn(uid: string, work: () => Promise<CommandStatus>): Promise<CommandStatus> {
    const before = this.turns.get(uid) ?? Promise.resolve();
    const turn = before.then(work).catch((error: unknown) => {
      // What it says is about the request.
      if (error instanceof DicomError) throw error;
      return this.notKept(error);
    });
    const settled = turn.catch(() => undefined);
    this.turns.set(uid, settled);
    void settled.then(() => {
      if (this.turns.get(uid) === settled) this.turns.delete(uid);
    });
    return turn;
  }

  private notKept(error: unknown): CommandStatus {
    this.failed(error);
    return { status: Status.processingFailure, comment: 'the procedure step could not be kept' };
  }

  private readonly failed = (error: unknown): void => this.options.failed(asError(error));
}

const STATE = 'PerformedProcedureStepStatus';
const STATES: ReadonlyMap<unknown, StepState> = new Map([
  ['IN PROGRESS', 'in-progress'],
  ['COMPLETED', 'completed'],
  ['DISCONTINUED', 'discontinued'],
]);
const stateOf = (value: unknown): StepState | undefined => STATES.get(value);

const NO_STATE: CommandStatus = {
  status: Status.missingAttribute,
  comment: 'Performed Procedure Step Status is missing',
};
const WRONG_STATE: CommandStatus = {
  status: Status.invalidAttributeValue,
  comment: 'Performed Procedure Step Status is not possible here',
};
/** PS3.4 F.7.2.2.2 */
const OVER: CommandStatus = {
  status: Status.processingFailure,
  errorId: NO_LONGER_UPDATED,
  comment: 'the procedure step may no longer be updated',
};
const TOO_MANY_STEPS: CommandStatus = {
  status: Status.resourceLimitation,
  comment: 'too many procedure steps are kept',
};
const TOO_MANY_IN_FLOW: CommandStatus = {
  status: Status.resourceLimitation,
  comment: 'too many procedure steps are on their way to the flow',
};
const STOPS: CommandStatus = { status: Status.processingFailure, comment: 'the receiver stops' };
const WRONG_ANSWER: CommandStatus = {
  status: Status.processingFailure,
  comment: 'the answer is no status of this service',
};

/** Warnings of N-CREATE and N-SET (PS3.7 10.1.3.1.8, 10.1.5.1.8): the step is kept. */
const WARNINGS: ReadonlySet<number> = new Set([0x0001, 0x0107, 0x0116]);
const FAILURES: ReadonlySet<number> = new Set([
  0x0105, 0x0106, 0x0110, 0x0111, 0x0112, 0x0117, 0x0118, 0x0119, 0x0120, 0x0121, 0x0122, 0x0124, 0x0210,
  0x0211, 0x0212, 0x0213,
]);

/** A status that N-CREATE and N-SET may have (PS3.4 F.7.2.1.3, F.7.2.2.3; PS3.7 10.1.3.1.8, 10.1.5.1.8, Annex C). */
export function isStepStatus(status: number): boolean {
  return status === Status.success || WARNINGS.has(status) || FAILURES.has(status);
}

const isStepFailure = (status: number): boolean => FAILURES.has(status);

/** UID that is a UUID (PS3.5 B.2). */
function newUid(): string {
  return `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`;
}
