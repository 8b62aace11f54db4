import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Delivery } from '../../../src/delivery';
import type { FlowMessage } from '../../../src/message';
import { DICOM_IN } from '../../../src/settings';
import type { Postgres } from '../../support/queues/postgres';
import { openQueue } from '../../support/queues/postgres-queue';

/** Of one that is to be away for longer. */
export const LEASE_SECONDS = 2;
/** What a flow needs for an object: so some are in flight at any moment. */
const FLOW_MS = 300;
const READY = 'ready';

/** What one has written down: that its flow got an object, that it was removed (or was not there any more), or what went wrong. */
export interface QueueRecord {
  what: 'delivered' | 'removed' | 'not-there' | 'fault';
  /** Which of the processes. */
  name: string;
  uid: string;
  /** Of what was delivered; else NaN. */
  redelivered: number;
  /** Its own clock, in milliseconds. */
  at: number;
}

/** A process of its own that delivers from a queue in PostgreSQL, as dicom-in does, and removes what it has delivered. */
export class QueueProcess {
  private constructor(private readonly child: ChildProcess) {}

  /**
   * @param folder of all of them; there they write down, in order, what they do
   * @param leaseSeconds how long it lives for the others after it has last said so
   * @param env beside that of this process
   */
  static async start(
    { port }: Postgres,
    folder: string,
    name: string,
    leaseSeconds: number,
    env: Record<string, string> = {},
  ): Promise<QueueProcess> {
    const directory = join(folder, name);
    mkdirSync(directory);
    appendFileSync(recordsOf(folder), '');
    const args = [String(port), directory, recordsOf(folder), name, String(leaseSeconds)];
    const child = spawn(process.execPath, [__filename, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) if (line === READY) break;
    return new QueueProcess(child);
  }

  /** It does nothing until `resume`. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

const recordsOf = (folder: string): string => join(folder, 'records.txt');

/** What the processes have done so far, in the order in which they did it. */
export function queueRecords(folder: string): QueueRecord[] {
  return readFileSync(recordsOf(folder), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .map(([what, name = '', uid = '', redelivered, at]) => ({
      what: what as QueueRecord['what'],
      name,
      uid,
      redelivered: redelivered === '' ? NaN : Number(redelivered),
      at: Number(at),
    }));
}

async function deliver(
  port: string,
  directory: string,
  file: string,
  name: string,
  leaseSeconds: number,
): Promise<void> {
  const record = (what: QueueRecord['what'], uid: string, redelivered: number | string): void =>
    appendFileSync(file, `${[what, name, uid, redelivered, Date.now()].join(' ')}\n`);
  const fault = (text: string): void => record('fault', text.replaceAll(' ', '_'), '');
  const queue = await openQueue({ port: Number(port) }, directory, {
    leaseSeconds,
    onLeftover: ({ message }) => fault(message),
  });
  const uids = new Map<string, string>();
  const remove = queue.remove.bind(queue);
  queue.remove = async (id) => {
    const isRemoved = await remove(id);
    record(isRemoved ? 'removed' : 'not-there', uids.get(id) ?? '', '');
    return isRemoved;
  };
  const { settings } = DICOM_IN.parse({ acknowledge: true, maxInFlight: 32 });
  const delivery = new Delivery(
    queue,
    settings,
    { ...settings, receiverId: name, files: undefined },
    {
      deliver: (id, { json }) => {
        const { sopInstanceUID, redelivered } = (JSON.parse(json) as FlowMessage).dicom;
        uids.set(id, sopInstanceUID);
        record('delivered', sopInstanceUID, redelivered);
        delivery.delivered(id);
        setTimeout(() => void delivery.acknowledged(id), FLOW_MS);
      },
      gaveUp: (_id, reason) => fault(`gave up: ${JSON.stringify(reason)}`),
      notPlaced: ({ reason }) => fault(reason),
      notRead: ({ reason }) => fault(reason),
      // It is tried again.
      notRemoved: () => undefined,
    },
  );
  delivery.wake();
  console.log(READY);
}

const [port, directory, file, name, leaseSeconds] = process.argv.slice(2);
if (require.main === module && name !== undefined)
  void deliver(port ?? '', directory ?? '', file ?? '', name, Number(leaseSeconds));
