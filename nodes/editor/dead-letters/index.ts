export { deadLetterPanel, type DeadLetterPanel } from './dead-letter-panel';
