export { DatabaseUnusable, type DatabaseConfig, type UnusableCode } from './database';
export type { SharedDirectoryOptions } from './directory';
export { PostgresQueue, type PostgresQueueOptions } from './postgres-queue';
export { numberIn, type QueueState, type RemoteAnswer } from './rows';
export { isPlainName } from './schema';
export { DatabaseFailed, SharedState, type SharedPlace, type SharedStateOptions } from './session';
