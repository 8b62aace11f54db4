import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Lease } from '../../../src/basics';
import { ClaimedObjects, type ClaimSource } from '../../../src/queue/postgres/claimed-objects';
import { LocalCopy } from '../../../src/queue/postgres/local-copy';
import type { ObjectRow } from '../../../src/queue/postgres/object-rows';
import { until } from '../../support/until';

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

it('gives nothing of an association away that has been claimed while one before it could not be read', async () => {
  const claims: Answer<ObjectRow[]>[] = [];
  const reads: Answer<void>[] = [];
  const givenBack: number[] = [];
  const lease = new Lease();
  lease.extendTo(Infinity);
  const source = {
    session: { number: 1, isAlive: true, lease },
    rows: {
      claim: () => new Promise<ObjectRow[]>((resolve, reject) => claims.push({ resolve, reject })),
      lease: () => Promise.resolve([]),
      giveBack: (objects: readonly ObjectRow[]) => {
        givenBack.push(...objects.map(({ seq }) => seq));
        return Promise.resolve();
      },
      giveBackOthers: () => Promise.resolve(),
    },
    copies: {
      fetch: async (objects: readonly ObjectRow[]) => {
        if (objects.some(({ sha256 }) => sha256 !== undefined))
          await new Promise<void>((resolve, reject) => reads.push({ resolve, reject }));
        return new Map(objects.map(({ seq }) => [seq, new LocalCopy(undefined)]));
      },
    },
  } as unknown as ClaimSource;
  const failures: unknown[] = [];
  const claimed = new ClaimedObjects(
    () => source,
    () => true,
    { claimed: () => undefined, failed: (error) => failures.push(error) },
  );
  claimed.begin();
  const objects = claimed.claim(10);
  const nextClaim = async (number: number): Promise<Answer<ObjectRow[]> | undefined> => {
    await until(() => claims.length === number, `claim ${number}`);
    return claims.at(-1);
  };
  (await nextClaim(1))?.resolve([row(1, 'file')]);
  await until(() => reads.length === 1, 'it to be read');
  claimed.fetchSoon(STREAM);
  const second = await nextClaim(2);
  reads[0]?.reject(new Error('not now'));
  await until(() => failures.length === 1, 'it to be told of');
  // The database knows nothing of that yet: so it gives the one behind it.
  second?.resolve([row(2)]);
  await until(() => givenBack.length === 2, 'both to wait again');
  claimed.fetchSoon(STREAM);
  (await nextClaim(3))?.resolve([row(1, 'file'), row(2)]);
  await until(() => reads.length === 2, 'it to be read once more');
  reads[1]?.resolve();
  assert.equal((await objects)[0]?.id, '1');
  claimed.close();
});
