export { givenObject, type GivenObject } from './given-object';
export {
  disown,
  disownEarlier,
  failNotBegun,
  giveBack,
  type HeldObject,
  holdObject,
  holdToAcknowledge,
  leave,
  mayBeHeard,
  NotAcknowledged,
  tellNotWorkedOn,
} from './held-objects';
export { instancesOf, type ListedInstance, ListInvalid, weightOfList } from './instance-list';
export { byteCount, bytesOf } from './message-bytes';
export {
  bytesIn,
  changesOf,
  factsIn,
  type MessageObject,
  type ObjectMessage,
  objectOf,
  queueNameOf,
  weightOf,
} from './message-object';
export { type MadeFacts, putNewObject } from './new-object';
export { beginWork } from './objects-at-work';
export { payloadSettingsOf } from './payload-settings';
export { Postponed } from './postponed';
