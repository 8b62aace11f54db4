import { parentPort, workerData } from 'node:worker_threads';

/** What an updated package's worker says to code of another version. Its configuration is that first message. */
parentPort?.postMessage((workerData as { config: unknown }).config);
parentPort?.on('message', () => undefined);
