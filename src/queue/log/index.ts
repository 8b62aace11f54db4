export { LOG_LIMITS, type LogLimits } from './log-limits';
export { ObjectLog } from './object-log';
