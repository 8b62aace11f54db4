export { EditHost } from './edit-host';
export { hasFailed } from './failures';
export type { Given, GivenPlace } from './given';
export type { EditFailure, EditRequests, MadeMessage } from './requests';
export type { BuildFrom, BuildTask, BuiltMessage } from './build';
export type { ReadMessage, ReadTask } from './read';
