import type { Keys } from '../../query';

export type StepState = 'in-progress' | 'completed' | 'discontinued';

/** A performed procedure step as it was last told of. */
export interface Step {
  sopInstanceUID: string;
  state: StepState;
  /** By keyword: of N-CREATE, with what each N-SET has changed. */
  attributes: Keys;
  /** Who told of it last, for `msg.dicom`. */
  caller: object;
  receivedAt: string;
}

/** A step, and which of its revisions it is. */
export interface KeptStep {
  step: Step;
  revision: number;
}

const VERSION = 1;
const DAY_SECONDS = 86_400;
/** Since its last change, a step is kept for so long; with those that are over, a late N-SET finds no instance any more. */
export const KEPT_SECONDS = { open: 30 * DAY_SECONDS, over: 7 * DAY_SECONDS };
export const MOST_STEPS = 20_000;

/** Where procedure steps are kept. Here, whoever calls sees to it that one step is changed by one at a time. */
export interface StepStore {
  /** Steps that are kept, as far as is known since `tidy`. */
  count: number;
  /** Undefined: there is none. @throws what the disk or the database says; Error where it is damaged or of a version that is not known */
  read(uid: string): Promise<KeptStep | undefined>;
  /**
   * Keeps it, and that the flow has not heard of it. It is safe when this resolves. False: somebody else has created it, or has
   * changed it since that revision.
   * @param before undefined: it is created
   */
  write(step: Step, before: KeptStep | undefined): Promise<boolean>;
  /** The flow has heard of what was written here last. */
  told(uid: string): Promise<void>;
  /** Forgets old ones. Resolves with those of which the flow is to hear again. */
  tidy(): Promise<string[]>;
  /**
   * Those of which a flow is to hear again, since others that were to tell theirs have ended; asked from time to time. Undefined: there
   * are no others.
   */
  takeOver?(): Promise<string[]>;
}

/** As it is kept. */
export const stepText = (step: Step): string => JSON.stringify({ version: VERSION, ...step });

/**
 * Reads `stepText`.
 * @param name for people
 * @throws Error that says nothing of what the text has: that is about a patient
 */
export function parseStep(json: string, name: string): Step {
  const { version, ...step } = recordIn(json) ?? {};
  if (typeof version === 'number' && version !== VERSION) throw new Error(`${name} has version ${version}`);
  if (version !== VERSION || !isStep(step)) throw new Error(`${name} is damaged`);
  return step as unknown as Step;
}

type Found = Readonly<Record<string, unknown>>;

function recordIn(json: string): Found | undefined {
  try {
    const found: unknown = JSON.parse(json);
    return isRecord(found) ? found : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isRecord = (value: unknown): value is Found =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const STATES: readonly unknown[] = ['in-progress', 'completed', 'discontinued'] satisfies StepState[];

const isStep = ({ sopInstanceUID, state, attributes, caller, receivedAt }: Found): boolean =>
  typeof sopInstanceUID === 'string' &&
  STATES.includes(state) &&
  isRecord(attributes) &&
  isRecord(caller) &&
  typeof receivedAt === 'string';
