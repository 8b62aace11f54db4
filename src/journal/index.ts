/** A bounded record of what was received or sent, for people. */
export {
  Journal,
  MAX_ENTRIES,
  withAgain,
  type JournalConfig,
  type JournalLimits,
  type JournalQuery,
} from './journal';
export { JOURNAL_FOLDER, removeJournal } from './remove';
