export { cannotRecode, CannotRecode } from './cannot-recode';
export type { GivenValues, GivenValue } from './given-values';
export { isNative, recode, type Recoding } from './recode';
export { pieces } from './step-writer';
