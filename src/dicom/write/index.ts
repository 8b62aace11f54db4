export { cannotRecode } from './cannot-recode';
export type { Changes, GivenValue } from './changes';
export { isNative, recode, type RecodeOptions, type Recoding } from './recode';
