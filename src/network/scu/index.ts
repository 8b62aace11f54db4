export { type EchoOutcome, type EchoTarget, sendEcho } from './echo';
