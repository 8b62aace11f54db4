export { isWatchWarning, watchFaultCode, type WatchFault, type WatchFaultKind } from './faults';
export { Watch } from './watch';
export { watchSettings } from './watch-config';
export { WatchHost } from './watch-host';
export type { WatchLimits } from './watch-parts';
export type { WatchState } from './worker-protocol';
