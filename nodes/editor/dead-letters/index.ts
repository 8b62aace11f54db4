export { deadLetterPanel } from './dead-letter-panel';
