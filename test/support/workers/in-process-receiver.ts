import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { FlowMessage } from '../../../src/message';
import {
  Receiver,
  type ReceiverEvent,
  type ReceiverFault,
  type RequestMessage,
  type SharedQueue,
} from '../../../src/receiver';
import { DICOM_IN } from '../../../src/settings';

export interface Delivered {
  id: string;
  message: FlowMessage;
  object: Buffer | undefined;
}

export interface InProcessReceiver {
  receiver: Receiver;
  /** The port it listens on. */
  port: number;
  delivered: Delivered[];
  events: ReceiverEvent[];
  faults: ReceiverFault[];
  queries: { id: string; message: RequestMessage }[];
  steps: { id: string; message: StepMessage }[];
}

/** What a flow gets of a procedure step. */
export interface StepMessage extends RequestMessage {
  series: unknown;
  study?: unknown;
}

/** A receiver in this process, listening on the loopback interface. `handOver: false` leaves everything in the queue. */
export async function startReceiver(
  queueDirectory: string,
  overrides: Record<string, unknown> = {},
  {
    handOver = true,
    port = 0,
    onFault = (): unknown => undefined,
    onQuery = (_receiver: Receiver, _id: string): unknown => undefined,
    shared = undefined as SharedQueue | undefined,
  } = {},
): Promise<InProcessReceiver> {
  const delivered: Delivered[] = [];
  const events: ReceiverEvent[] = [];
  const faults: ReceiverFault[] = [];
  const queries: InProcessReceiver['queries'] = [];
  const steps: InProcessReceiver['steps'] = [];
  const { settings } = DICOM_IN.parse({ bindAddress: '127.0.0.1', ...overrides });
  let listening: (port: number) => void;
  const listens = new Promise<number>((resolve) => (listening = resolve));
  const receiver = new Receiver(
    {
      receiverId: 'test',
      settings: { ...settings, port },
      queueDirectory,
      stepsDirectory: join(queueDirectory, 'mpps'),
      tellsOfObjects: true,
      ...(shared && { shared }),
    },
    {
      deliver: (id, { json, object }) => {
        delivered.push({ id, message: JSON.parse(json) as FlowMessage, object });
        if (handOver) receiver.delivered(id);
      },
      event: (event) => {
        events.push(event);
        if (event.event === 'listening') listening(event.port);
      },
      counters: () => undefined,
      fault: (fault) => {
        faults.push(fault);
        onFault();
      },
      recovered: () => undefined,
      report: (number) => receiver.reportAnswered(number, { status: 0 }),
      query: ({ id, json }) => {
        queries.push({ id, message: JSON.parse(json) as RequestMessage });
        onQuery(receiver, id);
      },
      step: ({ id, json }) => {
        steps.push({ id, message: JSON.parse(json) as StepMessage });
        if (handOver) receiver.stepTold(id);
      },
    },
  );
  receiver.start();
  return { receiver, port: await listens, delivered, events, faults, queries, steps };
}

/** Receivers of a test file, and folders for them: what still runs at its end is stopped, and the folders are removed. */
export function receiversForFile(name: string): {
  folder: () => string;
  start: typeof startReceiver;
  stop: (started: InProcessReceiver) => Promise<void>;
} {
  const root = mkdtempSync(join(tmpdir(), `dicom-${name}-`));
  const running = new Set<Receiver>();
  after(async () => {
    for (const receiver of running) await receiver.stop(0);
    rmSync(root, { recursive: true, force: true });
  });
  let folders = 0;
  return {
    folder: () => join(root, String((folders += 1))),
    start: async (...args) => {
      const started = await startReceiver(...args);
      running.add(started.receiver);
      return started;
    },
    stop: async ({ receiver }) => {
      running.delete(receiver);
      await receiver.stop(200);
    },
  };
}
