import type { PostedReply, PostedRequest } from './requests';

/**
 * What the main thread and its workers say to each other has this number: in `src/worker`, and in what each worker takes
 * and gives (`worker-protocol.ts`, its configuration). Whoever changes one of these raises it. An update of the package
 * under a running Node-RED starts new workers from old code, and the two must not guess at each other's words.
 */
export const PROTOCOL = 12;

/** What a worker is started with. `protocol` keeps its name and place for ever. */
export interface WorkerStart<Config> {
  protocol: number;
  config: Config;
  /** Where it shows that it lives (`showLifeIn`), and how often. */
  life: SharedArrayBuffer;
  beatMs: number;
}

/** The first that a worker says, alone in its batch. It keeps its form for ever. */
export interface Hello {
  kind: 'hello';
  protocol: number;
}

/** To a worker, in batches; what is not for all workers is the worker's own. */
export type ToWorker<Own> = Own | PostedRequest | { kind: 'stop'; graceMs: number };

/** From a worker, in batches, too. */
export type FromWorker<Own> = Own | PostedReply;

/** The number that a worker has said in its first message; undefined: it did not say any. */
export function protocolIn(message: unknown): number | undefined {
  const [first] = Array.isArray(message) ? (message as unknown[]) : [];
  const { kind, protocol } = (first ?? {}) as Partial<Hello>;
  return kind === 'hello' && typeof protocol === 'number' ? protocol : undefined;
}
