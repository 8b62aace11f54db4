import type { CommandStatus } from '../network';
import type { DeadLetter, LetterPage } from '../queue';
import type { AnswerOutcome } from './answers';

/** One page of dead letters, and how many there are. */
export interface DeadLetterList {
  deadLetters: DeadLetter[];
  total: number;
}

/** What the main thread may ask of a receiver, by name: its arguments and its result. */
export interface ReceiverRequests {
  /** The flow's answer to an object. */
  answer(id: string, status: CommandStatus): AnswerOutcome;
  deadLetters(page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(id: string): boolean;
  discard(id: string): boolean;
}
