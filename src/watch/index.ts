export { isWatchWarning, watchFaultCode, type WatchFault, type WatchFaultKind } from './faults';
export { Watch, type WatchOutput } from './watch';
export { watchSettings, type WatchConfig } from './watch-config';
export { WatchHost, type WatchListener } from './watch-host';
export type { WatchLimits } from './watch-parts';
export type { WatchState } from './worker-protocol';
