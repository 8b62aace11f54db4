import { asciiJson } from '../../basics';
import type { SharedState } from '../../queue';
import { KEPT_SECONDS, parseStep, stepText, type KeptStep, type Step, type StepStore } from './step-store';

/** Told again at a time. */
const MOST_TAKEN = 32;

/**
 * Procedure steps in the database of a shared queue, so that a modality may create a step at one instance and change it at another. A
 * step says the session of the instance that is to tell its flow of it; where that session has ended, another instance does.
 */
export class SharedStepStore implements StepStore {
  count = 0;
  /** Whether they have been written is not known: then a flow is to hear of them. */
  private readonly doubtful = new Set<string>();
  private readonly table: string;

  /** @param node the id of the node, which is the same at all instances */
  constructor(
    private readonly state: SharedState,
    private readonly node: string,
  ) {
    this.table = `${state.schema}.step`;
  }

  async read(uid: string): Promise<KeptStep | undefined> {
    const [row] = await this.rows(
      `SELECT step, revision FROM ${this.table} WHERE queue = $1 AND node = $2 AND uid = $3`,
      [uid],
    );
    if (row === undefined) return undefined;
    return { step: parseStep(String(row['step']), 'a step'), revision: Number(row['revision']) };
  }

  async write(step: Step, before: KeptStep | undefined): Promise<boolean> {
    try {
      return await this.put(step, before);
    } catch (error) {
      this.doubtful.add(step.sopInstanceUID);
      throw error;
    }
  }

  private async put(step: Step, before: KeptStep | undefined): Promise<boolean> {
    const { sopInstanceUID: uid, state } = step;
    const values = [uid, state !== 'in-progress', asciiText(step), this.teller];
    const next = `nextval('${this.state.schema}.number')`;
    const written =
      before === undefined
        ? await this.rows(
            `INSERT INTO ${this.table} (queue, node, uid, over, step, teller, revision)
             VALUES ($1, $2, $3, $4, $5, $6, ${next}) ON CONFLICT (queue, node, uid) DO NOTHING RETURNING uid`,
            values,
          )
        : await this.rows(
            `UPDATE ${this.table}
             SET over = $4, step = $5, teller = $6, changed = clock_timestamp(), revision = ${next}
             WHERE queue = $1 AND node = $2 AND uid = $3 AND revision = $7 RETURNING uid`,
            [...values, before.revision],
          );
    return written.length > 0;
  }

  async told(uid: string): Promise<void> {
    await this.rows(
      `UPDATE ${this.table} SET teller = NULL WHERE queue = $1 AND node = $2 AND uid = $3 AND teller = $4`,
      [uid, this.teller],
    );
  }

  /** Those of other nodes, which may be there no more, too. */
  async tidy(): Promise<string[]> {
    const { queue } = this.state;
    await this.state.change(
      `DELETE FROM ${this.table} WHERE queue = $1
         AND changed < clock_timestamp() - CASE WHEN over THEN $3::int ELSE $2::int END * interval '1 second'`,
      [queue, KEPT_SECONDS.open, KEPT_SECONDS.over],
    );
    const [row] = await this.rows(
      `SELECT count(*) AS number FROM ${this.table} WHERE queue = $1 AND node = $2`,
      [],
    );
    this.count = Number(row?.['number']);
    return [];
  }

  async takeOver(): Promise<string[]> {
    // What becomes doubtful meanwhile is for the next time.
    const doubtful = [...this.doubtful];
    this.doubtful.clear();
    try {
      return await this.take(doubtful);
    } catch (error) {
      for (const uid of doubtful) this.doubtful.add(uid);
      throw error;
    }
  }

  private async take(doubtful: readonly string[]): Promise<string[]> {
    const taken = await this.rows(
      `UPDATE ${this.table} s SET teller = $3 WHERE queue = $1 AND node = $2 AND uid IN (
         SELECT uid FROM ${this.table} o WHERE queue = $1 AND node = $2 AND teller IS NOT NULL
           AND (NOT ${this.state.lives('o.teller')} OR (teller = $3 AND uid = ANY($4)))
         LIMIT ${MOST_TAKEN} FOR UPDATE SKIP LOCKED)
       RETURNING uid`,
      [this.teller, doubtful],
    );
    return taken.map(({ uid }) => String(uid));
  }

  private get teller(): number {
    const { number } = this.state;
    if (number === 0) throw new Error('the database of the queue cannot be reached');
    return number;
  }

  private rows(text: string, values: readonly unknown[]): ReturnType<SharedState['rows']> {
    return this.state.rows(text, [this.state.queue, this.node, ...values]);
  }
}

/** PostgreSQL takes no NUL, and perhaps no character beyond ASCII. */
const asciiText = (step: Step): string => asciiJson(JSON.parse(stepText(step)));
