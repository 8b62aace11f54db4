import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../machine/at-exit';
import { freePort } from '../machine/free-port';
import { until } from '../machine/until';

/** Where Debian has it. */
const VERSIONS = '/usr/lib/postgresql';
const USER = 'postgres';

/** Folder of the newest PostgreSQL's programs; undefined: there is none. */
export function postgresPrograms(): string | undefined {
  try {
    const newest = readdirSync(VERSIONS).sort((one, other) => Number(other) - Number(one))[0];
    return newest === undefined ? undefined : join(VERSIONS, newest, 'bin');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A PostgreSQL server with a cluster of its own, until `stop`. */
export class Postgres {
  private isStopped = (): void => undefined;

  private constructor(
    readonly port: number,
    private server: ChildProcess,
    private readonly folder: string,
    private readonly programs: string,
    private readonly serve: () => ChildProcess,
  ) {}

  static async start(): Promise<Postgres> {
    const programs = postgresPrograms() ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    // It does not run as root.
    const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;
    if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
    const data = join(folder, 'data');
    const options = { cwd: folder, stdio: 'ignore', ...owner } as const;
    execFileSync(join(programs, 'initdb'), ['-D', data, '-A', 'trust', '-U', USER, '--no-sync'], options);
    const port = await freePort();
    const args = ['-D', data, '-p', String(port), '-k', '', '-c', 'listen_addresses=127.0.0.1'];
    const serve = (): ChildProcess => spawn(join(programs, 'postgres'), args, options);
    const postgres = new Postgres(port, serve(), folder, programs, serve);
    postgres.isStopped = atExit(() => {
      // It returns when the server has ended, and when there is none.
      spawnSync(join(programs, 'pg_ctl'), ['stop', '-D', data, '-m', 'immediate'], options);
      rmSync(folder, { recursive: true, force: true });
    });
    await until(() => postgres.isReady(), 'PostgreSQL to be ready');
    return postgres;
  }

  /** Its first process, whose children are all others. */
  get pid(): number {
    return this.server.pid ?? -1;
  }

  /** What tells libpq, and the module pg, where it is. */
  get environment(): Record<string, string> {
    return { PGHOST: '127.0.0.1', PGPORT: String(this.port), PGUSER: USER, PGDATABASE: USER };
  }

  /** Returns what it answers: rows as lines, with `|` between their columns. */
  run(sql: string): string {
    const args = ['-v', 'ON_ERROR_STOP=1', '-q', '-A', '-t', '-c', sql];
    const env = { ...process.env, ...this.environment };
    // What it says to a failure is in the error.
    return execFileSync(join(this.programs, 'psql'), args, { env, stdio: 'pipe', encoding: 'utf8' }).trim();
  }

  /** Ends at once and cleans up nothing, as `pg_ctl stop -m immediate`. */
  async crash(): Promise<void> {
    await this.end('SIGQUIT');
  }

  /** Starts it once more. */
  async again(): Promise<void> {
    this.server = this.serve();
    await until(() => this.isReady(), 'PostgreSQL to be ready again');
  }

  async stop(): Promise<void> {
    // At once, without waiting for clients.
    await this.end('SIGINT');
    this.isStopped();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.server.exitCode !== null) return;
    const ended = new Promise((resolve) => this.server.once('close', resolve));
    this.server.kill(signal);
    await ended;
  }

  private isReady(): boolean {
    try {
      this.run('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }
}

/** @param option of `id`: of the user or of its group */
function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, USER], { encoding: 'utf8' }));
}
