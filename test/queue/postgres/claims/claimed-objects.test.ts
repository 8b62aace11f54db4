import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Lease } from '../../../../src/basics';
import type { QueuedObject } from '../../../../src/queue';
import { ClaimedObjects, type ClaimSource } from '../../../../src/queue/postgres/claims/claimed-objects';
import { LocalCopy } from '../../../../src/queue/postgres/copies/local-copy';
import type { ObjectRow } from '../../../../src/queue/postgres/rows/object-row';
import { until } from '../../../support/machine/until';

const STREAM = 7;

/** Of one association. @param sha256 it is a file, which may take long to be read */
function row(seq: number, sha256?: string): ObjectRow {
  return {
    ...{ seq, id: String(seq), stream: STREAM, size: 1, state: 'queued', lease: 1, sha256 },
    ...{ deliveries: 0, unacknowledged: 0, crashes: 0, waiter: undefined, parking: undefined },
  };
}

interface Answer<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Claims and reads that are answered by the test, and what else the database is asked for. */
class Asked {
  readonly claims: Answer<ObjectRow[]>[] = [];
  readonly reads: Answer<void>[] = [];
  readonly calls: string[] = [];
  readonly failures: unknown[] = [];
  readonly source: ClaimSource;
  readonly objects: ClaimedObjects;

  constructor() {
    const { claims, reads, calls } = this;
    const lease = new Lease();
    lease.extendTo(Infinity);
    const call = (name: string): Promise<void> => {
      calls.push(name);
      return Promise.resolve();
    };
    this.source = {
      session: { number: 1, isAlive: true, lease, others: 1 },
      leased: {
        claim: () => new Promise<ObjectRow[]>((resolve, reject) => claims.push({ resolve, reject })),
        lease: () => Promise.resolve([]),
        giveBack: (objects: readonly ObjectRow[]) =>
          call(`give back ${objects.map(({ seq }) => seq).join(', ')}`),
        giveBackOthers: () => call('give back others'),
        unlease: (_: number, except: readonly number[]) => call(`unlease but ${except.join(', ')}`),
      },
      copies: {
        fetch: async (objects: readonly ObjectRow[]) => {
          if (objects.some(({ sha256 }) => sha256 !== undefined))
            await new Promise<void>((resolve, reject) => reads.push({ resolve, reject }));
          return new Map(objects.map(({ seq }) => [seq, new LocalCopy(undefined)]));
        },
      },
    } as unknown as ClaimSource;
    this.objects = new ClaimedObjects(
      () => this.source,
      () => true,
      { claimed: () => undefined, failed: (error) => this.failures.push(error) },
    );
    this.objects.begin();
  }

  async claim(number: number): Promise<Answer<ObjectRow[]> | undefined> {
    await until(() => this.claims.length === number, `claim ${number}`);
    return this.claims.at(-1);
  }

  /** The first object has been claimed and is being read, while what may be behind it is claimed. */
  async firstIsRead(): Promise<{
    objects: Promise<QueuedObject[]>;
    second: Answer<ObjectRow[]> | undefined;
  }> {
    const objects = this.objects.claim(10);
    (await this.claim(1))?.resolve([row(1, 'file')]);
    await until(() => this.reads.length === 1, 'it to be read');
    this.objects.fetchSoon(STREAM);
    return { objects, second: await this.claim(2) };
  }
}

it('gives nothing of an association away that has been claimed while one before it could not be read', async () => {
  const asked = new Asked();
  const { reads, calls, failures, objects: claimed } = asked;
  const { objects, second } = await asked.firstIsRead();
  reads[0]?.reject(new Error('not now'));
  await until(() => failures.length === 1, 'it to be told of');
  // The database knows nothing of that yet: so it gives the one behind it.
  second?.resolve([row(2)]);
  await until(() => calls.length === 2, 'both to wait again');
  claimed.fetchSoon(STREAM);
  (await asked.claim(3))?.resolve([row(1, 'file'), row(2)]);
  await until(() => reads.length === 2, 'it to be read once more');
  reads[1]?.resolve();
  assert.equal((await objects)[0]?.id, '1');
  assert.deepEqual(calls, ['give back 1', 'give back 2']);
  claimed.close();
});

it('counts nothing of an object that could not be read, whatever else is given up before it waits again', async () => {
  const asked = new Asked();
  const { reads, calls, failures, objects: claimed } = asked;
  const { objects, second } = await asked.firstIsRead();
  const isGivenUp = claimed.unlease(asked.source);
  reads[0]?.reject(new Error('not now'));
  await until(() => failures.length === 1, 'it to be told of');
  second?.resolve([]);
  await isGivenUp;
  assert.deepEqual(calls, ['give back 1', 'unlease but ']);
  claimed.close();
  assert.deepEqual(await objects, []);
});

it('has what could not be read wait again when it is closed, if the database has not been told before', async () => {
  const asked = new Asked();
  const { reads, failures, objects: claimed } = asked;
  await asked.firstIsRead();
  reads[0]?.reject(new Error('not now'));
  await until(() => failures.length === 1, 'it to be told of');
  // It waits for its turn behind the second claim.
  await new Promise((resolve) => setImmediate(resolve));
  const { others } = claimed.close();
  assert.deepEqual(
    others.map(({ seq }) => seq),
    [1],
  );
});
