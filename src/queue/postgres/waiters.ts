import type { RemoteAnswer, RemoteAnswers } from './rows';

/** So many are remembered, those that have been delivered included. */
const MOST_WAITERS = 10_000;

/** At which instances the senders of objects wait for what flows say. */
export class Waiters {
  /** Runs of instances, by the object's id. */
  private readonly runs = new Map<string, number>();

  add(id: string, run: number): void {
    this.runs.set(id, run);
    const [oldest] = this.runs.keys();
    if (this.runs.size > MOST_WAITERS && oldest !== undefined) this.runs.delete(oldest);
  }

  /** Passes the first answer on. Resolves with the run of the instance that gets it. Undefined: nobody waits. @throws the client's error */
  async answer(answers: RemoteAnswers, id: string, answer: RemoteAnswer): Promise<number | undefined> {
    const run = this.runs.get(id);
    if (run === undefined) return undefined;
    this.runs.delete(id);
    try {
      return (await answers.give(run, id, answer)) ? run : undefined;
    } catch (error) {
      this.runs.set(id, run);
      throw error;
    }
  }
}
