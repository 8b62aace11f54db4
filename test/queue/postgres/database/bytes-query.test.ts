import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type Binding,
  bindMessage,
  BytesInPieces,
  InPlace,
} from '../../../../src/queue/postgres/database/bytes-query';
import { type Connection, loadClient, type Query } from '../../../../src/queue/postgres/database/client';
import { Database } from '../../../../src/queue/postgres/database/database';
import { needs } from '../../../support/machine/needs';
import { Postgres } from '../../../support/queues/postgres';
import { databaseOf, openQueue } from '../../../support/queues/postgres-queue';

/** Of the client itself. */
const { serialize } = createRequire(require.resolve('pg'))('pg-protocol') as {
  serialize: { bind(binding: Binding): Buffer };
};

const valueMapper = (value: unknown): unknown =>
  typeof value === 'number' ? String(value) : value instanceof BytesInPieces ? value.toPostgres() : value;

describe('values in pieces', () => {
  const pieces = [Buffer.alloc(70_000, 1), Buffer.alloc(0), Buffer.alloc(3, 2), Buffer.alloc(5_000, 3)];
  const values = [7, new BytesInPieces(pieces), 'ä', null, undefined, Buffer.from([0, 255]), ''];

  it('are bound as the client does it', () => {
    const bindings: Binding[] = [
      { valueMapper },
      { statement: 's1', values, valueMapper },
      { portal: 'p', statement: 's1', values: [new BytesInPieces([])], binary: true, valueMapper },
    ];
    for (const binding of bindings)
      assert.deepEqual(Buffer.concat(bindMessage(binding)), serialize.bind(binding));
  });

  it('are not copied', () => {
    const parts = bindMessage({ values, valueMapper });
    for (const piece of pieces.filter(({ length }) => length > 1_024)) assert.ok(parts.includes(piece));
  });

  it('are sent when the connection has taken the last of them', async () => {
    const taken: (() => void)[] = [];
    const stream = {
      writable: true,
      write: (_: Buffer, done?: () => void) => done !== undefined && taken.push(done),
    };
    const query = {
      submit: (connection: Connection & { bind(binding: Binding): void }) => {
        connection.bind({ values, valueMapper });
        return null;
      },
    };
    const inPlace = new InPlace();
    inPlace.sends(query as unknown as Query);
    query.submit({ stream } as never);
    let isSent = false;
    const sent = inPlace.sent.then(() => (isSent = true));
    await new Promise(setImmediate);
    assert.deepEqual([isSent, taken.length], [false, 1]);
    taken[0]?.();
    await sent;
  });

  it('have nothing to be sent where the client has refused the query', async () => {
    const { Client, Query } = loadClient();
    const client = new Client({ host: '127.0.0.1', port: 1, database: 'none' } as never);
    assert.ok(client instanceof EventEmitter);
    client.on('error', () => undefined);
    await assert.rejects(client.connect());
    const inPlace = new InPlace();
    await assert.rejects(
      new Promise<void>((resolve, reject) => {
        const query = new Query({ text: 'SELECT $1', values }, undefined, (error) =>
          error ? reject(error) : resolve(),
        );
        inPlace.sends(query);
        client.query(query);
      }),
    );
    await inPlace.sent;
  });
});

describe('values in pieces, in a database', { skip: needs('postgres') }, () => {
  const root = mkdtempSync(join(tmpdir(), 'dicom-pieces-'));
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(async () => {
    await postgres.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('are sent by this version of the client without a copy', async () => {
    const database = new Database(databaseOf(postgres));
    await database.change('CREATE TABLE piece (id int, bytes bytea)');
    const bytes = new BytesInPieces([Buffer.alloc(300_000, 1), Buffer.alloc(200_000, 2)]);
    const all = bytes.toPostgres();
    bytes.toPostgres = () => assert.fail('the client makes a copy');
    const insert = 'INSERT INTO piece VALUES ($1, $2)';
    for (const id of [1, 2]) assert.equal(await database.change(insert, [id, bytes]), 1);
    await assert.rejects(database.change(insert, ['none', bytes]), { code: '22P02' });
    await database.transaction((statements) => statements.change(insert, [3, bytes]));
    const rows = await database.rows('SELECT bytes FROM piece WHERE id = ANY($1)', [[1, 2, 3]]);
    assert.deepEqual(
      rows.map(({ bytes: found }) => all.equals(found as Buffer)),
      [true, true, true],
    );
    await database.end();
  });

  it('are those of an object that is received, though its association ends while it is put', async () => {
    for (const shared of [undefined, { path: mkdtempSync(join(root, 'shared-')), fromBytes: 0 }]) {
      const queue = await openQueue(postgres, join(root, 'queue'), {
        queue: shared === undefined ? 'rows' : 'files',
        ...(shared && { shared }),
      });
      const bytes = Buffer.alloc(200_000, 'x');
      const writer = queue.begin(bytes);
      const put = writer.complete();
      writer.discard();
      // What has been given back is used again.
      const other = queue.begin(Buffer.alloc(200_000, 'y'));
      await put;
      other.discard();
      const [object] = await queue.claim(1);
      assert.ok(object);
      const handle = await queue.openObject(object.id);
      assert.ok(bytes.equals(await handle.read(0, bytes.length)));
      handle.close();
      await queue.close();
    }
  });
});
