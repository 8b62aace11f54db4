import type { NodeAPI } from 'node-red';

/** What is to be done when the flows have started: all nodes together have one listener, however many they are. */
const waiting = new Set<() => void>();
const listening = new WeakSet<object>();

/**
 * Calls back once, when the flows have started: what a node sends before would meet a flow that is not there yet.
 * @returns takes it back
 */
export function onceFlowsStarted(RED: NodeAPI, started: () => void): () => void {
  if (!listening.has(RED.events)) RED.events.on('flows:started', runAll);
  listening.add(RED.events);
  waiting.add(started);
  return () => waiting.delete(started);
}

function runAll(): void {
  const due = [...waiting];
  waiting.clear();
  for (const started of due) started();
}
