import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../machine/at-exit';
import { freePort } from '../machine/free-port';
import { until } from '../machine/until';

/** Other people's SCPs, each in a folder of its own, until `stop`. */
export class Scps {
  private readonly stops: (() => Promise<void>)[] = [];
  private readonly folders: string[] = [];

  /** Starts a program, and waits until it listens. Returns its port. */
  async start(program: string, args: (port: number) => string[]): Promise<number> {
    const port = await freePort();
    const env = { ...process.env, TCP_NODELAY: '1' };
    const child = spawn(program, args(port), { stdio: 'ignore', env });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const isStopped = atExit(() => child.kill());
    this.stops.push(async () => {
      child.kill();
      await ended;
      isStopped();
    });
    await until(
      () =>
        new Promise<boolean>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
          socket.once('connect', () => socket.destroy());
        }),
      `${program} to listen`,
    );
    return port;
  }

  /** @param options beside those for its folder, where it writes each object into a file */
  async storescp(...options: string[]): Promise<{ port: number; folder: string }> {
    const folder = this.folder();
    const port = await this.start('storescp', (port) => [...options, '-od', folder, String(port)]);
    return { port, folder };
  }

  /** An archive with the AE title ARCHIVE. @param destinations ports on this machine by AE title, to which it moves */
  async dcmqrscp(destinations: Record<string, number> = {}): Promise<{ port: number; folder: string }> {
    const folder = this.folder();
    const storage = join(folder, 'db');
    mkdirSync(storage);
    const hosts = Object.entries(destinations).map(
      ([title, port]) => `${title.toLowerCase()} = (${title}, 127.0.0.1, ${port})\n`,
    );
    const config = join(folder, 'dcmqrscp.cfg');
    writeFileSync(
      config,
      `MaxAssociations = 4\nHostTable BEGIN\n${hosts.join('')}HostTable END\nVendorTable BEGIN\nVendorTable END\n` +
        `AETable BEGIN\nARCHIVE ${storage} RW (9, 1024mb) ANY\nAETable END\n`,
    );
    return { port: await this.start('dcmqrscp', (port) => ['-c', config, String(port)]), folder: storage };
  }

  /** Orthanc; its REST interface is at `http`. */
  async orthanc(options: object = {}): Promise<{ port: number; http: string }> {
    const folder = this.folder();
    const config = join(folder, 'orthanc.json');
    const httpPort = await freePort();
    const port = await this.start('/usr/sbin/Orthanc', (port) => {
      const settings = {
        StorageDirectory: folder,
        IndexDirectory: folder,
        DicomPort: port,
        HttpPort: httpPort,
        RemoteAccessAllowed: false,
        AuthenticationEnabled: false,
        ...options,
      };
      writeFileSync(config, JSON.stringify(settings));
      return [config];
    });
    return { port, http: `http://127.0.0.1:${httpPort}` };
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0)) await stop();
    for (const folder of this.folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }

  private folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'scp-'));
    this.folders.push(folder);
    return folder;
  }
}
