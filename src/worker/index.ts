export { Boundary } from './boundary';
export { IdleHost } from './idle-host';
export { JobFailed, JobOutdated, runJob, serveJob } from './job';
export { HOST_LIMITS, type HostLimits } from './limits';
export { withMovingBytes } from './moving-memory';
export type { Weight } from './outbox';
export {
  isUnheard,
  RequestTimedOut,
  unlessUnheard,
  WorkerEnded,
  WorkerNotRunning,
  type Asked,
} from './requests';
export { serve } from './serve';
export { WorkerHost, type WorkerNews } from './worker-host';
export type { WorkerChoice } from './worker-thread';
