import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  HOST_LIMITS,
  WorkerHost,
  WorkerNotRunning,
  RequestTimedOut,
  type WorkerNews,
} from '../../src/worker';
import { PROTOCOL } from '../../src/worker/protocol';
import { holdUp } from '../support/machine/hold-up';
import { until } from '../support/machine/until';
import type { BehavingRequests, Behaviour, Said, Told } from './workers/behaving';

const TICK_MS = 20;
/** What a worker that does go on is given: on a busy machine its thread may not run for a second. */
const PATIENT_TICKS = 500;
/** Where its silence is the point. */
const SILENT_TICKS = 50;
const LIMITS = {
  ...HOST_LIMITS,
  tickMs: TICK_MS,
  silentTicks: PATIENT_TICKS,
  startTicks: 1_000,
  replyTicks: 1_000,
  restartFirstMs: 10,
  restartLastMs: 40,
  stopMarginMs: 100,
  endMs: 300,
};
const IMPATIENT = { ...LIMITS, silentTicks: SILENT_TICKS };
/** Longer than a silence that these bear. */
const LONG_MS = 2 * SILENT_TICKS * TICK_MS;

const root = mkdtempSync(join(tmpdir(), 'dicom-worker-'));
const hosts: Host[] = [];
// One whose worker dies at its start would start it again, and again.
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.stop(0))));
after(() => rmSync(root, { recursive: true, force: true }));

type Host = WorkerHost<unknown, Told, Said, BehavingRequests>;

interface Started {
  host: Host;
  said: unknown[];
  news: WorkerNews[];
  failures: Error[];
  hasNews: (kind: WorkerNews['kind'], times?: number) => Promise<void>;
  began: (times?: number) => Promise<void>;
}

function start(
  config: unknown,
  {
    file = 'behaving',
    limits = LIMITS,
    throwing = false,
  }: { file?: string; limits?: typeof LIMITS; throwing?: boolean } = {},
): Started {
  const [said, news, failures]: [unknown[], WorkerNews[], Error[]] = [[], [], []];
  const host: Host = new WorkerHost(
    { file: join(__dirname, 'workers', `${file}.js`), name: 'test', heapMB: 64 },
    config,
    {
      message: ({ what }) => {
        said.push(what);
        if (throwing) throw new Error('a listener threw');
      },
      news: (each) => {
        news.push(each);
        if (throwing) throw new Error('a listener threw');
      },
      failed: (error) => failures.push(error),
    },
    limits,
  );
  hosts.push(host);
  host.start();
  const count = (kind: WorkerNews['kind']): number => news.filter((each) => each.kind === kind).length;
  return {
    host,
    said,
    news,
    failures,
    hasNews: (kind, times = 1) => until(() => count(kind) >= times, kind),
    began: (times = 1) =>
      until(() => said.filter((what) => what === 'began').length >= times, 'its beginning'),
  };
}

async function running(behaviour: Behaviour = {}, options?: Parameters<typeof start>[1]): Promise<Started> {
  const started = start(behaviour, options);
  await started.began();
  return started;
}

/** A request whose reply nobody expects. */
function order(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

function reasons(news: readonly WorkerNews[]): string[] {
  return news.flatMap((each) => ('reason' in each ? [each.reason] : []));
}

function pipe(name: string): string {
  const path = join(root, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/** The other end of a pipe: a disk that answers at last. */
function answer(path: string): void {
  writeSync(openSync(path, 'r+'), 'x');
}

/** Runs a script that makes a host with `newHost`. */
function otherProcess(script: string): ChildProcessWithoutNullStreams {
  const source = `
    const { WorkerHost } = require(${JSON.stringify(join(__dirname, '../../src/worker'))});
    const choice = { file: ${JSON.stringify(join(__dirname, 'workers', 'behaving.js'))}, name: 'test', heapMB: 64 };
    const newHost = (listener) =>
      new WorkerHost(choice, {}, { failed: console.error, ...listener }, ${JSON.stringify(IMPATIENT)});
    ${script}`;
  const child = spawn(process.execPath, ['-e', source], { stdio: 'pipe' });
  after(() => child.kill('SIGKILL'));
  return child;
}

describe('WorkerHost', () => {
  it('passes messages and requests, and stops', async () => {
    const { host, said, news } = await running();
    assert.equal(host.post({ kind: 'told', what: 'hello' }), true);
    await until(() => said.includes('hello'), 'the message');
    assert.equal(await host.ask('echo', 'again'), 'again');
    await assert.rejects(host.ask('fail', 'in words'), /in words/);
    await host.stop(1_000);
    assert.equal(said.at(-1), 'stopping');
    assert.deepEqual(news, [{ kind: 'stopped' }]);
    assert.equal(host.post({ kind: 'told', what: 'late' }), false);
    await assert.rejects(host.ask('echo', 'late'), WorkerNotRunning);
  });

  it('has bytes moved to it that a result says are its own', async () => {
    const { host } = await running();
    const { bytes } = await host.ask('give');
    assert.deepEqual([...bytes], [1, 2, 3]);
    assert.equal(await host.ask('kept'), 0);
  });

  it('starts a worker again that dies at its start, with growing pauses', async () => {
    const { news, hasNews } = start({ atStart: 'throw' });
    await hasNews('ended', 4);
    const ended = news.flatMap((each) => (each.kind === 'ended' ? [each] : []));
    assert.deepEqual(
      ended.slice(0, 4).map(({ waitMs, restarts }) => [waitMs, restarts]),
      [
        [10, 1],
        [20, 2],
        [40, 3],
        [40, 4],
      ],
    );
    assert.match(ended[0]?.reason ?? '', /no start today/);
  });

  it('says so where a file is missing, or what cannot be copied is in the configuration', async () => {
    const missing = start({}, { file: 'gone' });
    await missing.hasNews('ended', 2);
    assert.match(reasons(missing.news)[0] ?? '', /gone\.js/);
    const { news, hasNews } = start({ atStart: () => undefined });
    await hasNews('ended', 2);
    assert.match(reasons(news)[0] ?? '', /could not be cloned/);
  });

  it('goes on where it is asked something that cannot be copied; who asks hears of that', async () => {
    const { host, news } = await running();
    const [never, wrong, echo] = [
      host.ask('never'),
      host.ask('post', { what: () => undefined }),
      host.ask('echo', 'still there'),
    ];
    order(never);
    await assert.rejects(wrong, /could not be cloned/);
    assert.equal(await echo, 'still there');
    assert.deepEqual(news, []);
  });

  const deaths: [what: string, order: (host: Host) => Promise<unknown>, reason: RegExp][] = [
    ['that dies later', (host) => host.ask('die', 7), /exit code 7/],
    ['that throws later', (host) => host.ask('throwLater'), /thrown later/],
    ['in an endless loop', (host) => host.ask('loop'), /no sign of life/],
    ['that waits and does not turn', (host) => host.ask('wait'), /no sign of life/],
  ];
  for (const [what, act, reason] of deaths) {
    it(`replaces a worker ${what}; what it was asked fails`, async () => {
      const { host, news, hasNews, began } = await running({}, { limits: IMPATIENT });
      const never = host.ask('never');
      order(act(host));
      await assert.rejects(never, WorkerNotRunning);
      await hasNews('ended');
      assert.match(reasons(news)[0] ?? '', reason);
      await began(2);
      assert.equal(await host.ask('echo', 'alive'), 'alive');
    });
  }

  it('leaves a worker more time until it says hello, and replaces it when that is over', async () => {
    const limits = { ...IMPATIENT, startTicks: 2 * SILENT_TICKS };
    const begun = performance.now();
    const { news, hasNews } = start({}, { file: 'hanging-at-load', limits });
    await hasNews('ended');
    assert.match(reasons(news)[0] ?? '', /no sign of life/);
    assert.ok(performance.now() - begun >= limits.startTicks * TICK_MS * 0.9);
  });

  it('replaces a worker that hangs while it begins', async () => {
    const { news, hasNews } = start({ atStart: 'hang' }, { limits: IMPATIENT });
    await hasNews('ended');
    assert.match(reasons(news)[0] ?? '', /no sign of life/);
  });

  it('does not replace a worker that works long and beats, or that stood still together with the process', async () => {
    const { host, news } = await running({}, { limits: IMPATIENT });
    await host.ask('work', LONG_MS, true);
    // This thread does not look meanwhile, however long it is.
    const waiting = host.ask('work', LONG_MS, false);
    holdUp(LONG_MS);
    await waiting;
    assert.equal(await host.ask('echo', 'alive'), 'alive');
    assert.deepEqual(news, []);
  });

  it('does not end a worker that waits for a disk, tells of it, and that it goes on', async () => {
    const { host, news, hasNews } = await running({}, { limits: IMPATIENT });
    const path = pipe('disk');
    const read = host.ask('read', path, true);
    await hasNews('waits-for-disk');
    await new Promise((resolve) => setTimeout(resolve, LONG_MS));
    answer(path);
    assert.equal(await read, 1);
    await hasNews('goes-on');
    assert.deepEqual(
      news.map(({ kind }) => kind),
      ['waits-for-disk', 'goes-on'],
    );
  });

  it('tells of a worker that cannot be ended, starts none beside it, and one when it ends after all', async () => {
    const { host, said, news, hasNews, began } = await running({}, { limits: IMPATIENT });
    const path = pipe('stuck');
    const read = host.ask('read', path, false);
    await assert.rejects(read, WorkerNotRunning);
    await hasNews('stuck');
    await assert.rejects(host.ask('echo', 'x'), WorkerNotRunning);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(said, ['began']);
    answer(path);
    await began(2);
    assert.deepEqual(
      news.map(({ kind }) => kind),
      ['stuck', 'ended'],
    );
  });

  it('keeps nobody waiting at a stop for a worker that cannot be ended', async () => {
    const { host, news, hasNews } = await running();
    const path = pipe('stopped');
    order(host.ask('read', path, true));
    const before = performance.now();
    await host.stop(100);
    assert.ok(performance.now() - before < 5_000);
    assert.deepEqual(reasons(news), ['it did not stop']);
    answer(path);
    await hasNews('stopped');
  });

  it('ends a process in which a worker cannot be ended, as one that is free', async () => {
    const path = pipe('process');
    const child = otherProcess(`
      const host = newHost({
        message: () => host.ask('read', ${JSON.stringify(path)}, false).catch(() => undefined),
        news: ({ kind }) => { if (kind === 'stuck') process.exit(0); },
      });
      host.start();
      setInterval(() => undefined, 1000);
    `);
    const signal = await new Promise((resolve) => child.once('exit', (_, name) => resolve(name)));
    assert.equal(signal, 'SIGKILL');
  });

  it('takes it for no hang that the whole process was stopped', async () => {
    const child = otherProcess(`
      const host = newHost({
        message: ({ what }) => console.log(what),
        news: ({ kind }) => console.log(kind),
      });
      host.start();
      process.stdin.on('data', () => host.ask('echo', 'alive').then(console.log, console.log));
    `);
    let text = '';
    child.stdout.on('data', (piece) => (text += String(piece)));
    await until(() => text.includes('began'), 'its beginning');
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, LONG_MS));
    child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, LONG_MS));
    child.stdin.write('?');
    await until(() => text.includes('alive'), 'the reply');
    assert.equal(text, 'began\nalive\n');
    child.kill('SIGKILL');
  });

  for (const atStop of ['ignore', 'throw', 'keep-timer'] as const) {
    it(`stops a worker that does not want to: ${atStop}`, async () => {
      const { host, news } = await running({ atStop });
      await host.stop(50);
      assert.deepEqual(news, [{ kind: 'stopped' }]);
    });
  }

  it('has no worker ended by force that has stopped and left something open', async () => {
    const limits = { ...LIMITS, stopMarginMs: 30_000 };
    const { host } = await running({ atStop: 'keep-timer' }, { limits });
    const { worker } = (host as unknown as { thread: { worker: Worker } }).thread;
    const exit = once(worker, 'exit');
    await host.stop(0);
    assert.deepEqual(await exit, [0]);
  });

  it('stops while no worker runs, and none starts after that', async () => {
    const { host, said, hasNews } = start({ atStart: 'throw' });
    await hasNews('ended');
    await host.stop(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(said, []);
  });

  it('bears nonsense from a worker, and a listener that throws', async () => {
    const { host, failures } = await running({}, { throwing: true });
    for (const nonsense of [null, 7, {}, 'text']) {
      await host.ask('postAlone', nonsense);
      await host.ask('post', nonsense);
    }
    await host.ask('post', { kind: 'reply', number: 10_000, result: 1 });
    assert.equal(await host.ask('echo', 'alive'), 'alive');
    const texts = failures.map(({ message }) => message);
    assert.ok(texts.includes('a listener threw'));
    assert.ok(texts.filter((text) => /no batch of messages/.test(text)).length >= 4);
    await host.ask('die', 3).catch(() => undefined);
    await until(() => failures.length > texts.length, 'the news that could not be told');
  });

  it('lets a request time out, and the worker run on', async () => {
    const { host, news } = await running({}, { limits: { ...LIMITS, replyTicks: 2 * SILENT_TICKS } });
    await assert.rejects(host.ask('never'), RequestTimedOut);
    assert.equal(await host.ask('echo', 'alive'), 'alive');
    assert.deepEqual(news, []);
  });

  const hellos: [what: string, first: unknown][] = [
    ['another number', [{ kind: 'hello', protocol: PROTOCOL + 1 }]],
    ['something else first', [{ kind: 'event', event: {} }]],
    ['no batch', { ready: true }],
  ];
  for (const [what, first] of hellos) {
    it(`does not work with a worker of another version, which says ${what}`, async () => {
      const { news, said, host, hasNews } = start(first, { file: 'of-another-version' });
      await hasNews('outdated');
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(news, [{ kind: 'outdated' }]);
      assert.deepEqual(said, []);
      await assert.rejects(host.ask('echo', 'x'), WorkerNotRunning);
      await host.stop(0);
    });
  }

  it('does nothing in a worker whose host is of another version', async () => {
    const worker = new Worker(join(__dirname, 'workers', 'behaving.js'), {
      workerData: { protocol: PROTOCOL + 1, config: {} },
    });
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    assert.equal(await new Promise((resolve) => worker.once('exit', resolve)), 0);
    assert.deepEqual(messages, [[{ kind: 'hello', protocol: PROTOCOL }]]);
  });
});
