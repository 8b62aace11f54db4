import { parentPort, workerData } from 'node:worker_threads';
import { Outbox } from '../worker';
import { EventGate } from './event-gate';
import { Receiver } from './receiver';
import type { ReceiverConfig } from './receiver-config';
import { reply } from './requests';
import type { FromWorker, ToWorker } from './worker-protocol';

/** The entry of the worker thread: a Receiver whose output is posted to the host. */
if (parentPort === null) throw new Error('worker.js is started by ReceiverHost as a worker thread');
const port = parentPort;
const config = workerData as ReceiverConfig;

const outbox = new Outbox<FromWorker>(
  (messages, transfer) => port.postMessage(messages, transfer),
  // The sender waits until the flow has answered.
  config.settings.respond === 'received',
);

/** Far above what real senders cause, far below what would keep the main thread busy. */
const gate = new EventGate({ windowMs: 10_000, perCaller: 1_000, total: 5_000 }, (suppressed) => {
  const at = new Date().toISOString();
  outbox.add({ kind: 'event', event: { at, event: 'events-suppressed', ...suppressed } });
});

const receiver = new Receiver(config, {
  deliver: (id, { json, object, document }) => {
    const parts = { ...(object && { object }), ...(document && { document }) };
    // Each alone in its memory (see conversion.ts), so they move to the main thread instead of being copied.
    const transfer = Object.values(parts).map(({ buffer }) => buffer);
    const bytes = transfer.reduce((total, { byteLength }) => total + byteLength, json.length);
    outbox.add({ kind: 'delivery', id, json, ...parts }, { bytes, transfer });
  },
  event: (event) => {
    if (gate.passes(event)) outbox.add({ kind: 'event', event });
  },
  counters: (counters) => outbox.add({ kind: 'counters', counters }),
  fault: (fault) => outbox.add({ kind: 'fault', fault }),
});

port.on('message', (messages: ToWorker[]) => {
  for (const message of messages) take(message);
});

function take(message: ToWorker): void {
  switch (message.kind) {
    case 'handed-over':
      receiver.handedOver(message.id);
      break;
    case 'not-handed-over':
      receiver.notHandedOver(message.id, message.reason);
      break;
    case 'request':
      void reply(receiver, message).then((answer) => outbox.add(answer));
      break;
    case 'stop':
      void receiver.stop(message.graceMs).then(() => {
        gate.close();
        outbox.flush();
        port.close();
      });
      break;
  }
}

receiver.start();
