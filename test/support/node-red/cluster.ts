import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../machine/at-exit';
import { TAB, dicomIn, flowNode } from './flows';
import { freePort } from '../machine/free-port';
import { startNodeRed, type FlowNode, type NodeRed } from './node-red';
import { Postgres } from '../queues/postgres';
import { installRecorder, readRecords, type Recorded } from './recorder';
import { Scps } from '../peers/scps';

const HAPROXY = '/usr/sbin/haproxy';

interface Member {
  userDir: string;
  port: number;
  nodeRed: NodeRed | undefined;
}

type SettingsOf = (member: number) => Record<string, unknown>;
type EnvironmentOf = (member: number) => Record<string, string>;

/** Several Node-REDs with one queue in PostgreSQL, behind HAProxy. What their flows get is written into one file, in order. */
export class Cluster {
  readonly members: Member[] = [];
  private readonly scps = new Scps();

  private constructor(
    readonly postgres: Postgres,
    private readonly folder: string,
    private readonly settings: SettingsOf,
    private readonly response: Record<string, unknown>,
    private readonly queue: Record<string, unknown>,
    private readonly environment: EnvironmentOf,
    private readonly flowSeconds: number,
    private readonly isStopped: () => void,
  ) {}

  /**
   * @param settings of the dicom-in node of a member, beside those that make the cluster
   * @param response settings of the dicom-response nodes
   * @param queue settings of the dicom-queue node
   * @param environment of the Node-RED of a member, beside that of this process
   * @param flowSeconds what a flow needs for an object, once it is written down that it has it
   */
  static async start(
    size: number,
    settings: SettingsOf = () => ({}),
    response: Record<string, unknown> = {},
    queue: Record<string, unknown> = {},
    environment: EnvironmentOf = () => ({}),
    flowSeconds = 0,
  ): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'dicom-cluster-'));
    const isStopped = atExit(() => rmSync(folder, { recursive: true, force: true }));
    const cluster = new Cluster(
      await Postgres.start(),
      folder,
      settings,
      response,
      queue,
      environment,
      flowSeconds,
      isStopped,
    );
    writeFileSync(cluster.seen, '');
    for (let index = 0; index < size; index += 1) {
      const userDir = join(folder, String(index));
      mkdirSync(userDir);
      installRecorder(userDir);
      cluster.members.push({ userDir, port: await freePort(), nodeRed: undefined });
    }
    await Promise.all(cluster.members.map((member) => cluster.startMember(member)));
    return cluster;
  }

  private get seen(): string {
    return join(this.folder, 'seen.txt');
  }

  /** What the flows have got, on whatever machine, in the order in which they got it. */
  records(): Recorded[] {
    return readRecords(this.seen);
  }

  /** Starts the Node-RED of a member, or starts it again. */
  async startMember(member: Member): Promise<NodeRed> {
    const nodeRed = await startNodeRed({
      userDir: member.userDir,
      flows: this.flows(member),
      env: { PGUSER: 'postgres', ...this.environment(this.members.indexOf(member)) },
    });
    member.nodeRed = nodeRed;
    await nodeRed.waitForLine(/listening on|delivering from/);
    return nodeRed;
  }

  /** HAProxy before all of them. Returns its port. */
  async frontDoor(): Promise<number> {
    const config = join(this.folder, 'haproxy.cfg');
    return this.scps.start(HAPROXY, (port) => {
      const servers = this.members.map(
        (member, index) =>
          `    server node-red-${index} 127.0.0.1:${member.port} check inter 300ms fall 1 rise 1`,
      );
      const text = [
        'defaults',
        '    mode tcp',
        '    timeout connect 2s',
        '    timeout client 2m',
        '    timeout server 2m',
        '    retries 3',
        '    option redispatch',
        'listen dicom',
        `    bind 127.0.0.1:${port}`,
        '    balance leastconn',
        ...servers,
      ];
      writeFileSync(config, `${text.join('\n')}\n`);
      return ['-db', '-f', config];
    });
  }

  async stop(): Promise<void> {
    await this.scps.stop();
    for (const { nodeRed } of this.members) await nodeRed?.kill();
    await this.postgres.stop();
    this.isStopped();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private flows(member: Member): FlowNode[] {
    return [
      { id: TAB, type: 'tab', label: 'test' },
      {
        ...{ id: 'queue', type: 'dicom-queue', host: '127.0.0.1', port: this.postgres.port },
        database: 'postgres',
        ...this.queue,
      },
      dicomIn('receiver', member.port, [['recorder']], {
        sharedQueue: 'queue',
        output: 'buffer',
        includeTagsNode: false,
        acknowledge: true,
        minFreeDiskMB: 0,
        ...this.settings(this.members.indexOf(member)),
      }),
      flowNode('recorder', 'recorder', {
        file: this.seen,
        wires: [[this.flowSeconds > 0 ? 'work' : 'response']],
      }),
      ...(this.flowSeconds > 0 ? [work(this.flowSeconds)] : []),
      flowNode('response', 'dicom-response', this.response),
    ];
  }
}

function work(seconds: number): FlowNode {
  const delay = { pauseType: 'delay', timeout: String(seconds), timeoutUnits: 'seconds', outputs: 1 };
  return flowNode('work', 'delay', { ...delay, wires: [['response']] });
}
