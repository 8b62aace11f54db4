export { DatabaseUnusable, type DatabaseConfig } from './database';
export { PostgresQueue, type PostgresQueueOptions } from './postgres-queue';
export { numberIn, type QueueState } from './rows';
export { isPlainName } from './schema';
export { SharedState, type SharedPlace, type SharedStateOptions } from './session';
