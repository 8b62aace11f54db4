import { randomUUID } from 'node:crypto';
import { asError } from '../../basics';
import { DicomError, newUid } from '../../dicom';
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
import { MOST_STEPS, type KeptStep, type Step, type StepState, type StepStore } from './step-store';

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
const TAKE_OVER_MS = 5_000;
/** Somebody else changes the same step at another instance: beyond that, it is not worth while. */
const MOST_TRIES = 8;

/**
 * Performed procedure steps (PS3.4 F.7.2): kept before they are answered, and told to the flow. What the flow has not heard of
 * when Node-RED ends is told again, as it was last.
 */
export class FlowSteps implements StepListener {
  private readonly telling = new Map<string, Telling>();
  private readonly past = new PastAnswers();
  /** Of each step that is being changed: one after the other. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private isClosed = false;
  private tidiedAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: FlowStepsOptions) {}

  /** Tells of what is still to be told, then and from time to time. Never rejects. */
  async resume(): Promise<void> {
    await this.tellAgain(() => this.tidy());
    const { store } = this.options;
    if (store.takeOver === undefined || this.isClosed) return;
    const takeOver = (): Promise<void> => this.tellAgain(async () => (await store.takeOver?.()) ?? []);
    this.timer = setInterval(() => void takeOver(), TAKE_OVER_MS);
    await takeOver();
  }

  private async tellAgain(those: () => Promise<string[]>): Promise<void> {
    const uids = await those().catch((error: unknown) => (this.failed(error), []));
    for (const uid of uids) {
      // One that is damaged keeps no other one back.
      const kept = await this.options.store.read(uid).catch(this.failed);
      if (kept && !this.isClosed) this.tell(kept.step, true);
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
    clearInterval(this.timer);
    for (const id of [...this.telling.keys()]) this.settle(id, STOPS, { outcome: 'tooLate' });
  }

  private async create(uid: string, request: StepRequest): Promise<CommandStatus> {
    const attributes = this.read(request);
    const state = attributes[STATE];
    if (state === undefined || state === null) return NO_STATE;
    if (stateOf(state) !== 'in-progress') return WRONG_STATE;
    if (performance.now() - this.tidiedAt > TIDY_MS) await this.tidy();
    const { store } = this.options;
    const answer = await this.put(uid, (before) => {
      if (before !== undefined) return CREATED_BEFORE;
      return store.count >= MOST_STEPS ? TOO_MANY_STEPS : stepOf(uid, 'in-progress', attributes, request);
    });
    if (!isStepFailure(answer.status)) store.count += 1;
    return { ...answer, sopInstanceUID: uid };
  }

  private change(uid: string, request: StepRequest): Promise<CommandStatus> {
    const changes = this.read(request);
    return this.put(uid, (before) => {
      if (before === undefined) return NEVER_CREATED;
      if (before.step.state !== 'in-progress') return OVER;
      const attributes = { ...before.step.attributes, ...changes };
      const state = stateOf(attributes[STATE]);
      return state === undefined ? WRONG_STATE : stepOf(uid, state, attributes, request);
    });
  }

  /** @throws DicomError where it cannot be read */
  private read({ attributes, transferSyntaxUID }: StepRequest): Keys {
    return readRequest(attributes, transferSyntaxUID, this.options.defaultCharacterSet).attributes;
  }

  /**
   * It is kept when it is answered with success.
   * @param next what it becomes, or why not; asked again where somebody has changed it at another instance
   */
  private async put(
    uid: string,
    next: (before: KeptStep | undefined) => Step | CommandStatus,
  ): Promise<CommandStatus> {
    const { store, answers } = this.options;
    let said: CommandStatus | undefined;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const before = await store.read(uid);
      const step = next(before);
      if ('status' in step) return step;
      const refused = tooLarge(step.attributes);
      if (refused !== undefined) return refused;
      said ??= await this.asked(step);
      if (isStepFailure(said.status)) return said;
      if (!(await store.write(step, before))) continue;
      if (answers === 'at-once') this.tell(step, false);
      else await store.told(uid);
      return said;
    }
    return CHANGED_MEANWHILE;
  }

  /** What the flow says of it; one that is not asked has nothing against it. */
  private async asked(step: Step): Promise<CommandStatus> {
    if (this.isClosed) return STOPS;
    const isAtOnce = this.options.answers === 'at-once';
    if (this.telling.size >= (isAtOnce ? MOST_UNTOLD : MOST_IN_FLOW)) return TOO_MANY_IN_FLOW;
    return isAtOnce ? { status: Status.success } : this.byFlow(step);
  }

  private byFlow(step: Step): Promise<CommandStatus> {
    return new Promise<CommandStatus>((resolve) => {
      const { deadlineSeconds: seconds } = this.options;
      const deadline = new FlowDeadline(seconds, () => {
        const comment = `no answer within ${seconds} s`;
        this.settle(id, { status: Status.processingFailure, comment }, { outcome: 'tooLate' });
        this.options.timedOut(id);
      });
      const id = this.tell(step, false, { resolve, deadline });
      deadline.start();
    });
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
    return this.options.store.tidy();
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

function stepOf(
  sopInstanceUID: string,
  state: StepState,
  attributes: Keys,
  { association, messageId }: StepRequest,
): Step {
  const caller = { ...aboutCaller(association), messageId };
  return { sopInstanceUID, state, attributes, caller, receivedAt: new Date().toISOString() };
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
const CREATED_BEFORE: CommandStatus = {
  status: Status.duplicateInstance,
  comment: 'this procedure step has been created before',
};
const NEVER_CREATED: CommandStatus = {
  status: Status.noSuchInstance,
  comment: 'no such procedure step has been created',
};
const CHANGED_MEANWHILE: CommandStatus = {
  status: Status.processingFailure,
  comment: 'the procedure step is being changed by others',
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
