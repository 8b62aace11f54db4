export { Query, type QueryPeer } from './query';
export type {
  QueryEnd,
  QueryExtensions,
  QueryFailure,
  QueryLevel,
  QueryModel,
  QueryRequest,
} from './query-request';
export { type Keys, mergeKeys } from './keys';
