import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadClient, type PoolConfig } from '../../../src/queue/postgres/client';
import { Database } from '../../../src/queue/postgres/database';
import { needs } from '../../support/needs';
import { Postgres } from '../../support/postgres';
import { databaseOf } from '../../support/postgres-queue';

describe('connections to PostgreSQL', { skip: needs('postgres') }, () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(() => postgres.stop());

  const setting = async (database: Database, name: string): Promise<unknown> =>
    (await database.rows('SELECT current_setting($1) AS value', [name]))[0]?.['value'];

  it('have the settings that they need, also with versions of the client that call nobody for a new one', async () => {
    postgres.run('ALTER ROLE postgres SET synchronous_commit = off');
    const client = loadClient();
    const { Pool } = client;
    client.Pool = class extends Pool {
      constructor(config: PoolConfig) {
        super({ ...config, onConnect: undefined } as PoolConfig);
      }
    };
    try {
      const database = new Database(databaseOf(postgres));
      assert.equal(await setting(database, 'synchronous_commit'), 'on');
      await database.end();
    } finally {
      client.Pool = Pool;
      postgres.run('ALTER ROLE postgres RESET synchronous_commit');
    }
  });
});
