export { FileRows } from './file-rows';
export { CHUNK_BYTES, ObjectBytes } from './object-bytes';
export { type NewClaim, type NewRow, ObjectInserts } from './object-inserts';
export { idOfNumber, numberIn, ObjectNumbers } from './object-numbers';
export { type Leased, type ObjectRow, ObjectRows } from './object-rows';
export { databaseAway, PutGroups } from './put-groups';
export { type QueueState, queueState } from './queue-state';
export { type RemoteAnswer, RemoteAnswers } from './remote-answers';
