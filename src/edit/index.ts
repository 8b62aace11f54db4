export { EditHost } from './edit-host';
export { hasFailed } from './failures';
export type { Given, GivenPlace } from './given';
export type {
  DeidentifiedMessage,
  DeidentifyHow,
  EditFailure,
  EditRequests,
  KeptBackObject,
  MadeMessage,
} from './requests';
