export { DatabaseUnusable, type UnusableCode } from './client';
export type { DatabaseConfig } from './database';
export type { SharedDirectoryOptions } from './shared-directory';
export { PostgresQueue, type PostgresQueueOptions } from './postgres-queue';
export type { RemoteAnswer } from './remote-answers';
export { isPlainName } from './schema';
