export { DatabaseUnusable, type UnusableCode } from './client';
export type { DatabaseConfig } from './database';
export type { SharedDirectoryOptions } from './shared-directory';
export { PostgresQueue, type PostgresQueueOptions } from './postgres-queue';
export type { QueueState } from './queue-state';
export type { RemoteAnswer } from './remote-answers';
export { isPlainName } from './schema';
export { numberIn } from './object-numbers';
export { DatabaseFailed, SharedState, type SharedPlace, type SharedStateOptions } from './shared-state';
