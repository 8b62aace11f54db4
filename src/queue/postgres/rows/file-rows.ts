import type { Database } from '../database';
import { numberIn } from './object-numbers';

/** What the database knows of objects that are files in the shared directory. */
export class FileRows {
  private readonly schema: string;

  /** @param schema as `isPlainName` */
  constructor(
    private readonly database: Database,
    schema: string,
    private readonly queue: string,
  ) {
    this.schema = `"${schema}"`;
  }

  /** Those of these objects that have a row, and their bytes in a file. */
  async withFiles(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.rows(
      `SELECT id FROM ${this.schema}.object WHERE queue = $1 AND seq = ANY($2) AND id = ANY($3) AND sha256 IS NOT NULL`,
      [this.queue, ids.map(numberIn), ids],
    );
    return new Set(rows.map(({ id }) => String(id)));
  }

  /** Objects in files, by number, that were put so many seconds ago at least. */
  async oldFiles(after: number, seconds: number, limit: number): Promise<string[]> {
    const rows = await this.database.rows(
      `SELECT id FROM ${this.schema}.object
       WHERE queue = $1 AND sha256 IS NOT NULL AND seq > $2 AND at < clock_timestamp() - $3 * interval '1 second'
       ORDER BY seq LIMIT $4`,
      [this.queue, after, seconds, limit],
    );
    return rows.map(({ id }) => String(id));
  }

  async hasFiles(): Promise<boolean> {
    const [row] = await this.database.rows(
      `SELECT EXISTS (SELECT FROM ${this.schema}.object WHERE queue = $1 AND sha256 IS NOT NULL) AS there`,
      [this.queue],
    );
    return row?.['there'] === true;
  }

  /** The moment of the database's clock: seconds. */
  async now(): Promise<number> {
    const [row] = await this.database.rows('SELECT extract(epoch FROM clock_timestamp())::float8 AS now');
    return Number(row?.['now']);
  }
}
