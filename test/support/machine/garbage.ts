import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects garbage now, so that what is measured afterwards is held by somebody. */
export const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Bytes in use when nothing is left to be collected. The resident set says less: V8 lets tens of megabytes of
 * garbage pile up, more of it on a busy machine.
 */
export function heldMemory(): number {
  // What came while V8 was marking survives the first.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
