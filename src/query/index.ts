export { answerableKeys, answerOf } from './answer';
export { FIND_SOP_CLASS } from './models';
export { Query, type QueryPeer } from './query';
export type { QueryEnd, QueryLevel, QueryModel, QueryRequest } from './query-request';
export { type Keys, mergeKeys } from './keys';
