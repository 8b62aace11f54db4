import { asciiJson } from '../../../basics';
import type { Database } from '../database';

/** What a flow says of an object to the sender, who waits at another instance. The queue knows no more of it. */
export interface RemoteAnswer {
  status: number;
  comment?: string;
}

/** In the place of an answer: the sender waits no more. */
const TOO_LATE = 'null';

/** Answers of flows on their way to the instances at which the senders wait. */
export class RemoteAnswers {
  private readonly schema: string;

  constructor(
    private readonly database: Database,
    schema: string,
    private readonly queue: string,
  ) {
    this.schema = `"${schema}"`;
  }

  /** False: that instance is gone, has been given an answer before, or wants none any more. @throws the client's error */
  async give(run: number, id: string, answer: RemoteAnswer): Promise<boolean> {
    const given = await this.database.change(
      `INSERT INTO ${this.schema}.answer (run, id, answer)
       SELECT $2, $3, $4 WHERE EXISTS (
         SELECT FROM ${this.schema}.session WHERE queue = $1 AND run = $2 AND until > clock_timestamp())
       ON CONFLICT (run, id) DO NOTHING`,
      [this.queue, run, id, asciiJson(answer)],
    );
    return given > 0;
  }

  /** Those to senders of this instance. @throws the client's error */
  async take(run: number): Promise<{ id: string; answer: RemoteAnswer }[]> {
    const rows = await this.database.rows(
      `DELETE FROM ${this.schema}.answer WHERE run = $1 AND answer <> '${TOO_LATE}' RETURNING id, answer`,
      [run],
    );
    return rows.map(({ id, answer }) => ({
      id: String(id),
      answer: JSON.parse(String(answer)) as RemoteAnswer,
    }));
  }

  /** No answer to this object is wanted at this instance any more, until that is forgotten. @throws the client's error */
  async refuse(run: number, id: string): Promise<void> {
    await this.database.change(
      `INSERT INTO ${this.schema}.answer (run, id, answer) VALUES ($1, $2, '${TOO_LATE}') ON CONFLICT (run, id) DO NOTHING`,
      [run, id],
    );
  }

  /** @throws the client's error */
  async forget(run: number, ids: readonly string[]): Promise<void> {
    await this.database.change(`DELETE FROM ${this.schema}.answer WHERE run = $1 AND id = ANY($2)`, [
      run,
      ids,
    ]);
  }

  /** Nobody takes those any more. @throws the client's error */
  async removeOfOthers(): Promise<void> {
    await this.database.change(
      `DELETE FROM ${this.schema}.answer a
       WHERE NOT EXISTS (SELECT FROM ${this.schema}.session e WHERE e.run = a.run AND e.until > clock_timestamp())`,
    );
  }
}
