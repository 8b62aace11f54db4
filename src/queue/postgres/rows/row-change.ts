import type { DeadLetter } from '../../../admin-api';
import { asciiJson } from '../../../basics';
import { type Parking, parkingText } from '../../parking';
import type { Statements } from '../database';

/** What can be done to an object in a transaction that has it alone. */
export class RowChange {
  /** Once the transaction is committed, it is there no more. */
  isRemoved = false;

  constructor(
    private readonly statements: Statements,
    private readonly schema: string,
    private readonly queue: string,
    private readonly seq: number,
  ) {}

  async park(parking: Parking, instance: string): Promise<void> {
    await this.set(
      `state = 'parked', open = false, parking = $3, instance = $4`,
      parkingText(parking),
      instance,
    );
  }

  /** The same owners hold it. */
  async acknowledge(parking: Parking): Promise<void> {
    await this.set(`parking = $3`, parkingText(parking));
  }

  /** It waits, and may have been delivered. */
  async deliverAgain(): Promise<void> {
    await this.set(
      `state = 'queued', lease = 0, deliveries = deliveries + 1, parking = NULL, instance = NULL`,
    );
  }

  /**
   * The session has it in flight, as it was before: by itself, for others of its association may be with somebody else now.
   * @returns its association and its lease
   */
  async inFlightAgain(session: number): Promise<{ stream: number; lease: number }> {
    const [row] = await this.statements.rows(
      `INSERT INTO ${this.schema}.lease (stream, queue, session, number)
       VALUES (nextval('${this.schema}.number'), $1, $2, nextval('${this.schema}.number')) RETURNING stream, number`,
      [this.queue, session],
    );
    const [stream, lease] = [Number(row?.['stream']), Number(row?.['number'])];
    await this.set(
      `state = 'queued', stream = $3, lease = $4, open = true, parking = NULL, instance = NULL`,
      stream,
      lease,
    );
    return { stream, lease };
  }

  async setAside(letter: DeadLetter): Promise<void> {
    await this.set(
      `state = 'dead', letter = $3, parking = NULL, instance = NULL, keeper = NULL`,
      asciiJson(letter),
    );
  }

  async remove(): Promise<void> {
    this.isRemoved = true;
    await this.statements.change(`DELETE FROM ${this.schema}.object WHERE seq = $1`, [this.seq]);
    await this.statements.change(`DELETE FROM ${this.schema}.chunk WHERE object = $1`, [this.seq]);
  }

  private async set(columns: string, ...values: readonly unknown[]): Promise<void> {
    await this.statements.change(
      `UPDATE ${this.schema}.object SET ${columns} WHERE queue = $1 AND seq = $2`,
      [this.queue, this.seq, ...values],
    );
  }
}
