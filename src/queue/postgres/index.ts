export { DatabaseUnusable, type UnusableCode } from './client';
export type { DatabaseConfig } from './database';
export { PostgresQueue, type PostgresQueueOptions } from './postgres-queue';
export type { QueueState } from './queue-state';
export type { RemoteAnswer } from './remote-answers';
export { isPlainName } from './schema';
