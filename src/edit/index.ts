export { attributes } from './attributes';
export { ruleProblem } from './check-rule';
export type { CoercionRecord } from './coercion-record';
export type { EditedMessage, EditTask, Unchanged } from './edit';
export { EditHost, WorkerBroken, WorkInterrupted } from './edit-host';
export { hasFailed, orFailure } from './failures';
export { type Given, type GivenPlace, openGiven } from './given';
export type {
  DeidentifiedMessage,
  DeidentifyHow,
  EditFailure,
  EditRequests,
  KeptBackObject,
} from './requests';
export type { RuleValue } from './rule-value';
export type { EvaluatedRule } from './rules';
export { checkPattern, type Match, PatternError, patternOf, Patterns } from './patterns';
export type { BuildFrom, BuildTask, BuiltMessage } from './build';
export type { ReadMessage } from './read';
