import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, it } from 'node:test';
import { PACKAGE_DIR } from '../../support/package/package-dir';

export const lockModule = JSON.stringify(join(PACKAGE_DIR, 'dist/src/basics/lock/directory-lock'));
/** Takes the lock when it is told to, says what came of it, and stays. */
const CONTENDER = `
  const { lockDirectory } = require(${lockModule});
  process.stdout.write('ready\\n');
  process.stdin.on('data', () => lockDirectory(process.argv[1]).then(
    () => process.stdout.write('held\\n'),
    (error) => process.stdout.write(error.code + '\\n')));
`;

export interface Contender {
  child: ChildProcessWithoutNullStreams;
  nextLine: () => Promise<string>;
}

/** A process that is ready to try. */
export async function contender(directory: string, env: Record<string, string> = {}): Promise<Contender> {
  const child = spawn(process.execPath, ['-e', CONTENDER, directory], { env: { ...process.env, ...env } });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  assert.equal(await nextLine(), 'ready');
  return { child, nextLine };
}

export function ended({ child }: Contender): Promise<unknown> {
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  return closed;
}

/** What became of those who try at the same moment. */
export function race(contenders: readonly Contender[]): Promise<string[]> {
  for (const { child } of contenders) child.stdin.write('go\n');
  return Promise.all(contenders.map(({ nextLine }) => nextLine()));
}

export const ONE_HELD = ['QUEUE_LOCKED', 'held'];

/** @param rounds in each of them one process holds the lock and is killed */
export function lockRace(rounds: number): void {
  it(`is held by exactly one of two processes, in ${2 * rounds} starts with locks that kills have left`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dicom-lock-race-'));
    after(() => rmSync(directory, { recursive: true, force: true }));
    let contenders: Contender[] = await Promise.all([contender(directory), contender(directory)]);
    for (let round = 0; round < rounds; round += 1) {
      const outcomes = await race(contenders);
      assert.deepEqual([...outcomes].sort(), ONE_HELD, `round ${round}`);
      const owner = outcomes.indexOf('held');
      const next = contender(directory);
      await Promise.all(contenders.slice(owner, owner + 1).map(ended));
      assert.deepEqual(readdirSync(directory), ['lock'], 'nothing but the lock stays');
      contenders = [...contenders.filter((_each, index) => index !== owner), await next];
    }
    await Promise.all(contenders.map(ended));
  });
}
