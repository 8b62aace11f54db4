export { isNative, recode, type RecodeOptions, type Recoding } from './recode';
