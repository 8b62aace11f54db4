export { Boundary } from './boundary';
export { IdleHost } from './idle-host';
export { JobFailed, JobOutdated, runJob, serveJob, type JobLimits } from './job';
export { HOST_LIMITS, type HostLimits } from './limits';
export { withMovingBytes } from './moving-memory';
export { Outbox, type Weight } from './outbox';
export {
  isUnheard,
  RequestTimedOut,
  unlessUnheard,
  WorkerEnded,
  WorkerNotRunning,
  type Asked,
} from './requests';
export { serve, type Service } from './serve';
export { WorkerHost, type WorkerListener, type WorkerNews } from './worker-host';
export type { WorkerChoice } from './worker-thread';
