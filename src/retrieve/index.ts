export { Retrieve, type RetrieveLimits } from './retrieve';
export type {
  RetrieveCounts,
  RetrieveEnd,
  RetrieveFailure,
  RetrieveRequest,
  RetrieveResult,
  RetrieveTarget,
} from './retrieve-request';
export {
  RetrievedObjects,
  retrievedSettings,
  type RetrievedConfig,
  type RetrievedState,
} from './retrieved-objects';
export { verdictOf, type RetrieveVerdict } from './verdict';
