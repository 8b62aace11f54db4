export { JournalPanel } from './journal-panel';
