/**
 * Starts a real Node-RED in a process of its own, with this package in its user directory as `npm install` of a local
 * folder leaves it (a link in `node_modules`, a dependency in `package.json`).
 *
 * By default it is the devDependency on the Node that runs the tests. `NODE_RED_DIR` (a folder in which
 * `npm install node-red@5 node@24` ran) and `NODE_BINARY` choose another one, so that the same tests run on both.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { atExit } from '../machine/at-exit';
import { freePort } from '../machine/free-port';
import { PACKAGE_DIR } from '../package/package-dir';
import { prepareUserDir } from './user-dir';

const START_MS = 60_000;
/** Node-RED gives nodes 15 s to close. */
const STOP_MS = 20_000;
/** In English, and in German for the tests of that. */
const RUNNING = /Server now running|Server wird jetzt/;
const STARTED = /Started (?:flows|modified (?:nodes|flows))|Flows sind gestartet/;
const NOT_STARTED = /Waiting for missing types|Flows stopped/;

export type DeployType = 'full' | 'flows' | 'nodes';
/** A node in flow JSON. */
export type FlowNode = { id: string; type: string; [property: string]: unknown };

export interface NodeRedOptions {
  /** What `flows.json` holds at start. */
  flows?: readonly FlowNode[];
  /** Merged over the settings file (plain JSON only). Keep the log level at `info` or more verbose. */
  settings?: Readonly<Record<string, unknown>>;
  /** Added to the environment of the process; `undefined` removes a variable. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Folder with `node_modules/node-red`; default `NODE_RED_DIR`, else this repository. */
  nodeRedDir?: string;
  /** Default `NODE_BINARY`, else a `node` package beside that Node-RED, else the running Node. */
  nodeBinary?: string;
  /**
   * A user directory of the caller's, left in place at the end: for restarts, or with the package already installed in
   * it. Its settings file is written anew. Default: a new temporary one.
   */
  userDir?: string;
  /** Port of the editor and admin API; default: a free one. */
  adminPort?: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface NodeRed {
  /** Base address of editor and admin API, without a slash at the end. */
  readonly url: string;
  readonly adminPort: number;
  readonly userDir: string;
  readonly pid: number;
  /** Everything the process wrote to stdout and stderr so far, line by line. */
  readonly lines: readonly string[];
  /** Resolves once the process has ended, however it ended. */
  readonly exited: Promise<Exit>;
  /** Sets all flows and waits until they have started. */
  deploy(flows: readonly FlowNode[], type?: DeployType): Promise<void>;
  /** The flows as the admin API gives them. */
  flows(): Promise<FlowNode[]>;
  /** The first line that matches, from index `from` of `lines` on (default 0, so also one already written). */
  waitForLine(pattern: RegExp, options?: { from?: number; timeoutMs?: number }): Promise<string>;
  /** Orderly end (SIGTERM), with SIGKILL if that takes longer than Node-RED allows nodes. Removes a temporary user directory. */
  stop(): Promise<Exit>;
  /** Immediate end (SIGKILL), as a crash. Removes a temporary user directory. */
  kill(): Promise<Exit>;
}

export async function startNodeRed(options: NodeRedOptions = {}): Promise<NodeRed> {
  const adminPort = options.adminPort ?? (await freePort());
  const userDir = options.userDir ?? (await mkdtemp(join(tmpdir(), 'dicom-node-red-')));
  await prepareUserDir(userDir, adminPort, options);
  const { binary, script } = findNodeRed(options);

  const child = spawn(binary, [script, '--userDir', userDir], {
    cwd: userDir,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const nodeRed = new NodeRedProcess(child, adminPort, userDir, options.userDir === undefined);
  try {
    await nodeRed.started();
  } catch (error) {
    await nodeRed.kill();
    throw error;
  }
  return nodeRed;
}

class NodeRedProcess implements NodeRed {
  readonly url: string;
  readonly lines: string[] = [];
  readonly exited: Promise<Exit>;
  private readonly watchers = new Set<() => void>();
  private exit: Exit | undefined;

  constructor(
    private readonly child: ChildProcessByStdio<null, Readable, Readable>,
    readonly adminPort: number,
    readonly userDir: string,
    private readonly temporary: boolean,
  ) {
    this.url = `http://127.0.0.1:${adminPort}`;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        this.notify();
      });
    }
    // A test run that is ended by force must not leave servers behind.
    const isEnded = atExit(() => child.kill('SIGKILL'));
    this.exited = new Promise((done) => {
      const ended = (exit: Exit): void => {
        this.exit = exit;
        isEnded();
        this.notify();
        done(exit);
      };
      child.once('error', (error) => {
        this.lines.push(`could not run Node-RED: ${error.message}`);
        ended({ code: null, signal: null });
      });
      child.once('close', (code, signal) => ended({ code, signal }));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  async started(): Promise<void> {
    await this.waitForLine(RUNNING, { timeoutMs: START_MS });
    await this.waitForFlows(0);
  }

  async deploy(flows: readonly FlowNode[], type: DeployType = 'full'): Promise<void> {
    const from = this.lines.length;
    const response = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Node-RED-API-Version': 'v2',
        'Node-RED-Deployment-Type': type,
      },
      body: JSON.stringify({ flows }),
    });
    if (!response.ok) throw new Error(`deploy: HTTP ${response.status} ${await response.text()}`);
    // Node-RED answers before the new flows run.
    await this.waitForFlows(from);
  }

  async flows(): Promise<FlowNode[]> {
    const response = await fetch(`${this.url}/flows`, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`flows: HTTP ${response.status}`);
    return (await response.json()) as FlowNode[];
  }

  waitForLine(pattern: RegExp, { from = 0, timeoutMs = 60_000 } = {}): Promise<string> {
    return new Promise((found, reject) => {
      let next = from;
      const finish = (): void => {
        clearTimeout(timer);
        this.watchers.delete(look);
      };
      const fail = (reason: string): void => {
        finish();
        reject(new Error(`${reason} while waiting for ${String(pattern)}; Node-RED wrote:\n${this.tail()}`));
      };
      const look = (): void => {
        for (; next < this.lines.length; next += 1) {
          const line = this.lines[next] ?? '';
          if (!pattern.test(line)) continue;
          finish();
          found(line);
          return;
        }
        if (this.exit !== undefined) fail('Node-RED ended');
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      this.watchers.add(look);
      look();
    });
  }

  async stop(): Promise<Exit> {
    const force = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    this.child.kill('SIGTERM');
    const exit = await this.exited;
    clearTimeout(force);
    await this.removeUserDir();
    return exit;
  }

  async kill(): Promise<Exit> {
    this.child.kill('SIGKILL');
    const exit = await this.exited;
    await this.removeUserDir();
    return exit;
  }

  private async waitForFlows(from: number): Promise<void> {
    const line = await this.waitForLine(new RegExp(`${STARTED.source}|${NOT_STARTED.source}`), {
      from,
      timeoutMs: START_MS,
    });
    if (!STARTED.test(line)) throw new Error(`the flows did not start:\n${this.tail()}`);
  }

  private tail(): string {
    return this.lines.slice(-40).join('\n');
  }

  private notify(): void {
    for (const look of [...this.watchers]) look();
  }

  private async removeUserDir(): Promise<void> {
    if (this.temporary) await rm(this.userDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The major version of the Node-RED that tests run on. */
export function nodeRedMajor(): number {
  const { version } = JSON.parse(readFileSync(nodeRedPackage(folderOf({})), 'utf8')) as { version: string };
  return Number(version.split('.')[0]);
}

function folderOf({ nodeRedDir }: NodeRedOptions): string | undefined {
  return nodeRedDir ?? process.env['NODE_RED_DIR'];
}

function nodeRedPackage(folder: string | undefined): string {
  return folder === undefined
    ? createRequire(join(PACKAGE_DIR, 'package.json')).resolve('node-red/package.json')
    : join(resolve(folder), 'node_modules', 'node-red', 'package.json');
}

function findNodeRed(options: NodeRedOptions): { binary: string; script: string } {
  const folder = folderOf(options);
  const packageJson = nodeRedPackage(folder);
  const script = join(dirname(packageJson), 'red.js');
  if (!existsSync(script)) throw new Error(`no Node-RED at ${script}: run npm install node-red in ${folder}`);
  const beside = folder === undefined ? '' : join(resolve(folder), 'node_modules', 'node', 'bin', 'node');
  const binary =
    options.nodeBinary ?? process.env['NODE_BINARY'] ?? (existsSync(beside) ? beside : process.execPath);
  return { binary, script };
}

function environment(extra: NodeRedOptions['env'] = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  // These would make Node-RED behave as part of the test runner that starts it.
  delete env['NODE_TEST_CONTEXT'];
  delete env['NODE_OPTIONS'];
  for (const [name, value] of Object.entries(extra)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}
