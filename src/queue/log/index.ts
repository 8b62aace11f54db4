export { LOG_LIMITS, type LogLimits, ObjectLog } from './object-log';
