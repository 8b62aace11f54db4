import { parentPort, workerData } from 'node:worker_threads';
import { EventGate } from './event-gate';
import { Receiver } from './receiver';
import type { ReceiverConfig } from './receiver-config';
import { reply } from './requests';
import type { FromWorker, ToWorker } from './worker-protocol';

/** The entry of the worker thread: a Receiver whose output is posted to the host. */
if (parentPort === null) throw new Error('worker.js is started by ReceiverHost as a worker thread');
const port = parentPort;

const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

/** Far above what real senders cause, far below what would keep the main thread busy. */
const gate = new EventGate({ windowMs: 10_000, perCaller: 1_000, total: 5_000 }, (suppressed) => {
  const at = new Date().toISOString();
  post({ kind: 'event', event: { at, event: 'events-suppressed', ...suppressed } });
});

const receiver = new Receiver(workerData as ReceiverConfig, {
  deliver: (id, { message, object }) => {
    const json = JSON.stringify(message);
    if (object === undefined) post({ kind: 'delivery', id, json });
    // Alone in its memory (see conversion.ts), so it moves to the main thread instead of being copied.
    else post({ kind: 'delivery', id, json, object }, [object.buffer]);
  },
  event: (event) => {
    if (gate.passes(event)) post({ kind: 'event', event });
  },
  counters: (counters) => post({ kind: 'counters', counters }),
  fault: (fault) => post({ kind: 'fault', fault }),
});

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'handed-over':
      receiver.handedOver(message.id);
      break;
    case 'request':
      void reply(receiver, message).then((answer) => post(answer));
      break;
    case 'stop':
      void receiver.stop(message.graceMs).then(() => {
        gate.close();
        post({ kind: 'stopped' });
        port.close();
      });
      break;
  }
});

receiver.start();
