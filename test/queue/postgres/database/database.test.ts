import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadClient, type PoolConfig } from '../../../../src/queue/postgres/database/client';
import { Database } from '../../../../src/queue/postgres/database/database';
import { needs } from '../../../support/machine/needs';
import { Postgres } from '../../../support/queues/postgres';
import { databaseOf } from '../../../support/queues/postgres-queue';
import { until } from '../../../support/machine/until';

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

  it('are not bound by limits that their user has for others', async () => {
    postgres.run('ALTER ROLE postgres SET statement_timeout = 100');
    postgres.run('ALTER ROLE postgres SET lock_timeout = 100');
    const database = new Database(databaseOf(postgres));
    try {
      await database.rows('SELECT pg_sleep(0.3)');
      assert.equal(await setting(database, 'lock_timeout'), '0');
    } finally {
      await database.end();
      postgres.run('ALTER ROLE postgres RESET ALL');
    }
  });

  it('do not call done what an administrator keeps from waiting for a standby', async () => {
    postgres.run('CREATE TABLE standby (number int)');
    const database = new Database(databaseOf(postgres));
    postgres.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    postgres.run('SELECT pg_reload_conf()');
    await until(() => postgres.run('SHOW synchronous_standby_names') === 'nobody', 'the setting');
    const insert = database.change('INSERT INTO standby VALUES (1)');
    insert.catch(() => undefined);
    const waiting = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
    await until(() => postgres.run(waiting) !== '', 'it to wait for the standby');
    await assert.rejects(insert, /standby/);
    postgres.run('ALTER SYSTEM RESET synchronous_standby_names');
    postgres.run('SELECT pg_reload_conf()');
    await until(() => postgres.run('SHOW synchronous_standby_names') === '', 'the setting');
    assert.equal(await database.change('INSERT INTO standby VALUES (2)'), 1);
    await database.end();
  });

  it('that were given up do nothing any more, once anything else is asked', async () => {
    postgres.run('CREATE TABLE late (number int)');
    const database = new Database(databaseOf(postgres));
    const other = new Database(databaseOf(postgres));
    const waiting = (): number =>
      Number(
        postgres.run(
          `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO late%' AND state = 'active'`,
        ),
      );
    await other.withConnection(async (admin) => {
      await admin.query({ text: 'BEGIN' });
      await admin.query({ text: 'LOCK TABLE late IN EXCLUSIVE MODE' });
      const givenUp = database.withConnection(async (client) => {
        client.query({ text: 'INSERT INTO late VALUES (1)' }).catch(() => undefined);
        await until(() => waiting() === 1, 'the statement to wait for the lock');
        throw new Error('given up');
      });
      await assert.rejects(givenUp, /given up/);
      assert.equal(waiting(), 1, 'the server does not notice');
      await database.rows('SELECT 1');
      await admin.query({ text: 'COMMIT' });
    });
    await until(() => waiting() === 0, 'the statement to end');
    assert.equal(postgres.run('SELECT count(*) FROM late'), '0');
    await Promise.all([database.end(), other.end()]);
  });
});
