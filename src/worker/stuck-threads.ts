/**
 * Threads that cannot be ended, because they are in a call to the system that does not return. Node.js waits for each
 * thread when the process ends, so with one of these it never would: whoever restarts Node-RED would wait until something
 * kills it. All else has been done by then, and what is in a queue on disk is safe (see test/e2e/kill.test.ts).
 */
const stuck = new Set<object>();

export function isStuck(thread: object): void {
  if (stuck.size === 0) process.once('exit', endProcess);
  stuck.add(thread);
}

/** It has ended after all. */
export function isFree(thread: object): void {
  if (stuck.delete(thread) && stuck.size === 0) process.removeListener('exit', endProcess);
}

function endProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
