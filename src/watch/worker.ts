import type { QueueRequests } from '../delivery';
import { serve } from '../worker';
import { Watch } from './watch';
import type { WatchConfig } from './watch-config';
import type { FromWatch, ToWatch } from './worker-protocol';

/** The entry of the worker thread: a Watch whose output is posted to the host. */
serve<WatchConfig, ToWatch, FromWatch, QueueRequests>({
  isPatient: () => true,
  begin: (config, outbox) => {
    const watch = new Watch(config, {
      deliver: (id, { json, document }) => {
        const transfer = document === undefined ? [] : [document.buffer];
        const bytes = json.length + (document?.byteLength ?? 0);
        outbox.add({ kind: 'delivery', id, json, ...(document && { document }) }, { bytes, transfer });
      },
      state: (state) => outbox.add({ kind: 'state', state }),
      fault: (fault) => outbox.add({ kind: 'fault', fault }),
    });
    watch.start();
    return {
      requests: watch,
      message: (message) => {
        if (message.kind === 'delivered') watch.delivered(message.id);
        else watch.notDelivered(message.id, message.reason);
      },
      stop: () => watch.stop(),
    };
  },
});
