import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Cluster } from '../support/cluster';
import { needs } from '../support/needs';
import { padded, sampleInstance, StoreClient } from '../support/store-client';
import { until } from '../support/until';

/** `npm run soak` takes 100 000. */
const ACKNOWLEDGED = Number(process.env['SCALE_ACKNOWLEDGED'] ?? 300);
const MEMBERS = 3;
const SENDERS = 8;
/** An association has so many objects at most. */
const OBJECTS = 1_000;
/** Of a thousand objects: one has 20 MB (here 5), 99 have 512 KB, the others are small. */
const LARGE_BYTES = ACKNOWLEDGED > 1_000 ? 20_000_000 : 5_000_000;
const SLICE_BYTES = 512_000;
const DATABASE_MS = ACKNOWLEDGED > 1_000 ? 20_000 : 6_000;
/** Nobody waits longer for an answer than this: what hangs is seen. */
const ANSWER_MS = 60_000;

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const sizeOf = (number: number): number =>
  number % 1_000 === 30 ? LARGE_BYTES : number % 10 === 5 ? SLICE_BYTES : 0;

describe(
  'Node-REDs that share a queue, and are killed, as is their database',
  { skip: needs('postgres', 'haproxy'), timeout: 240_000 + ACKNOWLEDGED * 400 },
  () => {
    it(`lose nothing of what was acknowledged, keep the order, and mark what comes again`, async (test) => {
      const cluster = await Cluster.start(MEMBERS);
      const port = await cluster.frontDoor();
      /** Hash of what was acknowledged, by UID. */
      const acknowledged = new Map<string, string>();
      let associations = 0;
      let refused = 0;
      let isRunning = true;

      const send = async (): Promise<void> => {
        while (isRunning) {
          const first = (associations += 1) * OBJECTS;
          try {
            const client = await StoreClient.open(port);
            for (let number = first; isRunning && number < first + OBJECTS; number += 1) {
              const { uid, dataSet: small } = sampleInstance(number);
              const size = sizeOf(number);
              const dataSet = size === 0 ? small : padded(small, size);
              if ((await client.store(uid, dataSet, ANSWER_MS)) === 0) acknowledged.set(uid, hashOf(dataSet));
              else {
                refused += 1;
                await wait(100);
              }
            }
            client.peer.destroy();
          } catch (error) {
            // Its Node-RED was killed: that is the point.
            if (!(error instanceof Error)) throw error;
            await wait(200);
          }
        }
      };
      let kills = 0;
      let databaseKills = 0;
      const killMembers = async (): Promise<void> => {
        while (isRunning) {
          await wait(1_000 + Math.random() * 4_000);
          const member = cluster.members[Math.floor(Math.random() * MEMBERS)] ?? assert.fail();
          if (!isRunning) return;
          kills += 1;
          await member.nodeRed?.kill();
          await cluster.startMember(member);
        }
      };
      const killDatabase = async (): Promise<void> => {
        while (isRunning) {
          await wait(DATABASE_MS);
          if (!isRunning) return;
          databaseKills += 1;
          await cluster.postgres.crash();
          await cluster.postgres.again();
        }
      };

      try {
        const senders = Array.from({ length: SENDERS }, send);
        const killers = [killMembers(), killDatabase()];
        await until(
          () => acknowledged.size >= ACKNOWLEDGED && kills > 1 && databaseKills > 0,
          'enough to be acknowledged',
          200_000 + ACKNOWLEDGED * 300,
        );
        isRunning = false;
        await Promise.all([...senders, ...killers]);
        const lost = (): string[] => {
          const delivered = new Set(cluster.records().map(({ uid }) => uid));
          return [...acknowledged.keys()].filter((uid) => !delivered.has(uid));
        };
        // What a killed one had is somebody else's when its session is over.
        await until(
          () => lost().length === 0,
          `those that are missing to come (${lost().length})`,
          120_000,
        ).catch(() => undefined);
        const records = cluster.records();
        test.diagnostic(
          `acknowledged ${acknowledged.size}, refused ${refused}, delivered ${records.length}, associations ` +
            `${associations}, Node-RED killed ${kills} times, the database ${databaseKills} times`,
        );
        assert.deepEqual(lost(), []);
        const seen = new Set<string>();
        const last = new Map<number, number>();
        for (const { uid, hash, redelivered } of records) {
          const expected = acknowledged.get(uid);
          if (expected !== undefined) assert.equal(hash, expected, `${uid} is whole`);
          if (seen.has(uid)) assert.ok(redelivered > 0, `${uid} came again unmarked`);
          else {
            const number = Number(uid.slice(-9)) - 100_000_000;
            const association = Math.floor(number / OBJECTS);
            assert.ok(number > (last.get(association) ?? -1), `${uid} came before its time`);
            last.set(association, number);
          }
          seen.add(uid);
        }
      } finally {
        isRunning = false;
        await cluster.stop();
      }
    });
  },
);
