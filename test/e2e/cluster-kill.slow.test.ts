import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Cluster } from '../support/node-red/cluster';
import { clockOff } from '../support/machine/fake-clock';
import type { NodeRed } from '../support/node-red/node-red';
import { needs } from '../support/machine/needs';
import { padded, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

/** `npm run soak` takes 100 000. */
const ACKNOWLEDGED = Number(process.env['SCALE_ACKNOWLEDGED'] ?? 5_000);
const IS_LONG = ACKNOWLEDGED > 10_000;
const MEMBERS = 3;
const SENDERS = 8;
/** An association has so many objects at most. */
const OBJECTS = 1_000;
/** By count: of a thousand objects one has 20 MB, 99 have 512 KB, the others are small. One of 200 MB is beside them. */
const HUGE_BYTES = 200_000_000;
const LARGE_BYTES = 20_000_000;
const SLICE_BYTES = 512_000;
const DATABASE_MS = 20_000;
/** Longer than a lease; once, and in the long run again and again. */
const PAUSE_MS = 35_000;
/** Nobody waits longer for an answer than this: what hangs is seen. */
const ANSWER_MS = 60_000 + PAUSE_MS;
const HUGE_MS = 180_000;
/** On a slow machine it takes longer than what is between two kills: then it gets peace, once this has been seen so often. */
const HUGE_ATTEMPTS = 3;

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const sizeOf = (sent: number): number =>
  sent % 1_000 === 30 ? LARGE_BYTES : sent % 10 === 5 ? SLICE_BYTES : 0;
/** The clock of one is right, that of another an hour ahead, that of the third an hour behind. */
const clockOf = (member: number): Record<string, string> =>
  member === 0 ? {} : clockOff(member === 1 ? 1 : -1);

describe(
  'Node-REDs that share a queue, and are killed, as is their database',
  { skip: needs('postgres', 'haproxy', 'faketime'), timeout: 240_000 + ACKNOWLEDGED * 400 },
  () => {
    it(`lose nothing of what was acknowledged, keep the order, and mark what comes again`, async (test) => {
      const began = performance.now();
      const cluster = await Cluster.start(MEMBERS, undefined, undefined, undefined, clockOf);
      const port = await cluster.frontDoor();
      /** Hash of what was acknowledged, by UID. */
      const acknowledged = new Map<string, string>();
      let associations = 0;
      let sent = 0;
      let refused = 0;
      let isHugeAcknowledged = false;
      let hugeAttempts = 0;
      let isRunning = true;

      const sendOn = async (client: StoreClient, number: number, size: number): Promise<boolean> => {
        const { uid, dataSet: small } = sampleInstance(number);
        const dataSet = size === 0 ? small : padded(small, size);
        const isTaken = (await client.store(uid, dataSet, size === HUGE_BYTES ? HUGE_MS : ANSWER_MS)) === 0;
        if (isTaken) acknowledged.set(uid, hashOf(dataSet));
        else refused += 1;
        return isTaken;
      };
      /** What is sent on an association of its own, until that is broken, or `send` says that it is enough. */
      const associate = async (
        send: (client: StoreClient, number: number) => Promise<boolean>,
      ): Promise<void> => {
        const first = (associations += 1) * OBJECTS;
        try {
          const client = await StoreClient.open(port);
          for (let number = first; isRunning && number < first + OBJECTS; number += 1)
            if (!(await send(client, number))) break;
          client.peer.destroy();
        } catch (error) {
          // Its Node-RED was killed: that is the point.
          if (!(error instanceof Error)) throw error;
          await wait(200);
        }
      };
      const sendMany = async (): Promise<void> => {
        while (isRunning)
          await associate(async (client, number) => {
            if (!(await sendOn(client, number, sizeOf((sent += 1))))) await wait(100);
            return true;
          });
      };
      const sendHuge = async (): Promise<void> => {
        while (isRunning && !isHugeAcknowledged)
          await associate(async (client, number) => {
            hugeAttempts += 1;
            isHugeAcknowledged = await sendOn(client, number, HUGE_BYTES);
            return !isHugeAcknowledged;
          });
      };
      const isSpared = (): boolean => hugeAttempts > HUGE_ATTEMPTS && !isHugeAcknowledged;
      let kills = 0;
      let pauses = 0;
      let databaseKills = 0;
      const killMembers = async (): Promise<void> => {
        while (isRunning) {
          await wait(1_000 + Math.random() * 4_000);
          const member = cluster.members[Math.floor(Math.random() * MEMBERS)] ?? assert.fail();
          if (!isRunning) return;
          if (isSpared()) continue;
          if ((kills > 0 && pauses === 0) || (IS_LONG && kills % 10 === 9)) {
            pauses += 1;
            await pause(member.nodeRed ?? assert.fail());
          }
          kills += 1;
          await member.nodeRed?.kill();
          await cluster.startMember(member);
        }
      };
      /** It goes on after its lease, and for a while before it may be killed. */
      const pause = async ({ pid }: NodeRed): Promise<void> => {
        process.kill(pid, 'SIGSTOP');
        await wait(PAUSE_MS);
        process.kill(pid, 'SIGCONT');
        await wait(5_000);
      };
      const killDatabase = async (): Promise<void> => {
        while (isRunning) {
          await wait(DATABASE_MS);
          if (!isRunning) return;
          if (isSpared()) continue;
          databaseKills += 1;
          await cluster.postgres.crash();
          await cluster.postgres.again();
        }
      };
      const lost = (): string[] => {
        const delivered = new Set(cluster.records().map(({ uid }) => uid));
        return [...acknowledged.keys()].filter((uid) => !delivered.has(uid));
      };
      const told = (): string =>
        `${Math.round((performance.now() - began) / 1_000)} s: acknowledged ${acknowledged.size}, refused ${refused}, ` +
        `associations ${associations}, the huge object sent ${hugeAttempts} times, Node-RED killed ${kills} times and ` +
        `paused ${pauses} times, the database killed ${databaseKills} times`;
      const progress = IS_LONG
        ? setInterval(() => console.log(`${told()}, not delivered yet ${lost().length}`), 60_000)
        : undefined;

      try {
        const senders = [...Array.from({ length: SENDERS }, sendMany), sendHuge()];
        const killers = [killMembers(), killDatabase()];
        await until(
          () =>
            acknowledged.size >= ACKNOWLEDGED &&
            isHugeAcknowledged &&
            kills > 1 &&
            pauses > 0 &&
            databaseKills > 0,
          'enough to be acknowledged',
          200_000 + ACKNOWLEDGED * 300,
        );
        isRunning = false;
        await Promise.all([...senders, ...killers]);
        const sending = told();
        // What a killed one had is somebody else's when its session is over.
        await until(
          async () => {
            await wait(200);
            return lost().length === 0;
          },
          `those that are missing to come (${lost().length})`,
          120_000,
        ).catch(() => undefined);
        const records = cluster.records();
        const again = records.filter(({ redelivered }) => redelivered > 0).length;
        test.diagnostic(`${sending}; delivered ${records.length}, of them marked ${again}`);
        test.diagnostic(told());
        assert.deepEqual(lost(), []);
        const seen = new Set<string>();
        const unmarked = new Set<string>();
        const last = new Map<number, number>();
        for (const { uid, hash, redelivered } of records) {
          const expected = acknowledged.get(uid);
          if (expected !== undefined) assert.equal(hash, expected, `${uid} is whole`);
          if (redelivered === 0) {
            // It may be the later one: what one had in the moment in which it was paused reaches its flow when it goes on.
            assert.ok(!unmarked.has(uid), `${uid} came again unmarked`);
            unmarked.add(uid);
          }
          if (seen.has(uid)) continue;
          seen.add(uid);
          const number = Number(uid.slice(-9)) - 100_000_000;
          const association = Math.floor(number / OBJECTS);
          assert.ok(number > (last.get(association) ?? -1), `${uid} came before its time`);
          last.set(association, number);
        }
      } finally {
        isRunning = false;
        clearInterval(progress);
        await cluster.stop();
      }
    });
  },
);
