import { serve } from '../worker';
import { EventGate } from './event-gate';
import { Receiver } from './receiver';
import type { ReceiverConfig } from './receiver-config';
import type { ReceiverRequests } from './requests';
import type { FromReceiver, ToReceiver } from './worker-protocol';

/** Far above what real senders cause, far below what would keep the main thread busy. */
const EVENT_LIMITS = { windowMs: 10_000, perCaller: 1_000, total: 5_000 };

/** The entry of the worker thread: a Receiver whose output is posted to the host. */
serve<ReceiverConfig, ToReceiver, FromReceiver, ReceiverRequests>({
  // The sender waits until the flow has answered.
  isPatient: ({ settings }) => settings.respond === 'received',
  begin: (config, outbox) => {
    const gate = new EventGate(EVENT_LIMITS, (suppressed) => {
      const at = new Date().toISOString();
      outbox.add({ kind: 'event', event: { at, event: 'events-suppressed', ...suppressed } });
    });
    const receiver = new Receiver(config, {
      deliver: (id, { json, object, document }, lease) => {
        const parts = { ...(object && { object }), ...(document && { document }) };
        // Each alone in its memory (see conversion.ts), so they move to the main thread instead of being copied.
        const transfer = Object.values(parts).map(({ buffer }) => buffer);
        const bytes = transfer.reduce((total, { byteLength }) => total + byteLength, json.length);
        const facts = { id, json, ...(lease && { lease: lease.memory }) };
        outbox.add({ kind: 'delivery', ...facts, ...parts }, { bytes, transfer });
      },
      event: (event) => {
        if (gate.passes(event)) outbox.add({ kind: 'event', event });
      },
      counters: (counters) => outbox.add({ kind: 'counters', counters }),
      fault: (fault) => outbox.add({ kind: 'fault', fault }),
      query: (query) => outbox.add({ kind: 'query', ...query }, { bytes: query.json.length }),
      step: (step) => outbox.add({ kind: 'step', ...step }, { bytes: step.json.length }),
      recovered: (fault) => outbox.add({ kind: 'recovered', fault }),
      report: (number, callingAET, report) => outbox.add({ kind: 'report', number, callingAET, report }),
    });
    receiver.start();
    return {
      requests: receiver,
      message: (message) => {
        switch (message.kind) {
          case 'delivered':
            receiver.delivered(message.id);
            break;
          case 'not-delivered':
            receiver.notDelivered(message.id, message.reason);
            break;
          case 'reporters':
            receiver.setReporters(message.callingAETs);
            break;
          case 'report-answer':
            receiver.reportAnswered(message.number, message.status);
            break;
          case 'step-told':
            receiver.stepTold(message.id);
        }
      },
      stop: (graceMs) => receiver.stop(graceMs).then(() => gate.close()),
    };
  },
});
