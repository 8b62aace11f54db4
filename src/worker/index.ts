export { asError, Boundary } from './boundary';
export { Outbox } from './outbox';
