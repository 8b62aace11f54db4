/** What the admin API answers: shapes that the runtime makes and dialogs show. */
export type { DeadLetter, DeadLetterList, DeadLetterPage, LetterFacts } from './dead-letter';
export type { EchoCalled, EchoOutcome, PeerEcho, SelfEcho } from './echo';
export {
  JOURNAL_OUTCOMES,
  type JournalEntry,
  type JournalOutcome,
  type JournalPage,
  type ListedEntry,
} from './journal';
export type { OpenStudies, OpenStudy } from './open-study';
export type { Refusal } from './refusal';
