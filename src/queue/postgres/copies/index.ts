export { type Fresh, FreshCopies } from './fresh-copies';
export { isSlow, LocalCopies, SMALL_BYTES } from './local-copies';
export { LocalCopy } from './local-copy';
