export { encodeResponse } from './command-set';
export { echoService } from './echo-service';
export type { IncomingObject, ObjectStore, StoreRequest } from './object-store';
export { type Outcome, Performer, type PerformingAssociation } from './performer';
export { type Refusal, ServiceRegistry } from './service';
export { type CommandStatus, hexStatus, isFailure, Status } from './status';
export { storeService } from './store-service';
