import type { WatchFault, WatchFaultKind, WatchState } from '../../../src/watch';
import type { Text } from '../../runtime/node-texts';
import type { ShownStatus } from '../../runtime/status-display';
import { shortCount } from '../../runtime/short-count';

/** A status with machine-readable fields for Status nodes beside the words. */
export type WatchStatus = ShownStatus & {
  state: 'starting' | 'watching' | 'down';
  fault?: WatchFaultKind;
  /** What is wrong, in words. */
  problem?: string;
  counters?: Omit<WatchState, 'isWatching'>;
};

/** Faults with a short text of their own; others show "error". */
const FAULT_TEXTS: Partial<Record<WatchFaultKind, string>> = {
  settingsInvalid: 'settings',
  folderGone: 'folderGone',
  folderShared: 'folderShared',
  folderUnusable: 'folderUnusable',
  queueInUse: 'folderUnusable',
  queueUnusable: 'folderUnusable',
  workerCrashed: 'restarting',
  workerStuck: 'restartNodeRed',
  workerOutdated: 'restartNodeRed',
  diskSilent: 'diskSilent',
};

/**
 * @param fault that keeps the node from its work, with its words
 * @param state undefined: nothing has been heard of the folder yet
 */
export function watchStatus(
  text: Text,
  fault: { fault: WatchFault; problem: string } | undefined,
  state: WatchState | undefined,
): WatchStatus {
  if (fault !== undefined) {
    const { kind } = fault.fault;
    const words = text(`status.${FAULT_TEXTS[kind] ?? 'error'}`);
    return { fill: 'red', shape: 'ring', text: words, state: 'down', fault: kind, problem: fault.problem };
  }
  if (state?.isWatching !== true)
    return { fill: 'yellow', shape: 'ring', text: text('status.starting'), state: 'starting' };
  const { delivered, queued, deadLetters, waiting, foreign } = state;
  const counters = { delivered, queued, waiting, foreign, deadLetters };
  const hasWorked = delivered + queued > 0;
  return {
    fill: deadLetters > 0 ? 'yellow' : 'green',
    shape: hasWorked || deadLetters > 0 ? 'dot' : 'ring',
    text: text(`status.${wordsFor(counters)}`, {
      delivered: shortCount(delivered),
      queued: shortCount(queued),
      deadLetters: shortCount(deadLetters),
    }),
    state: 'watching',
    counters,
  };
}

/** Dead letters come first, because a person must act. */
function wordsFor({ delivered, queued, deadLetters }: Omit<WatchState, 'isWatching'>): string {
  if (deadLetters > 0) return 'dead';
  if (queued > 0) return 'backlog';
  return delivered > 0 ? 'counts' : 'watching';
}
