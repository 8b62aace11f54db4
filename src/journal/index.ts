/** A bounded record of what was received or sent, for people. */
export { JOURNAL_OUTCOMES, type JournalEntry, type JournalOutcome } from './entry';
export {
  Journal,
  MAX_ENTRIES,
  withAgain,
  type JournalConfig,
  type JournalLimits,
  type JournalPage,
  type JournalQuery,
  type ListedEntry,
} from './journal';
export { JOURNAL_FOLDER, removeJournal } from './remove';
