import { serve } from '../worker';
import type { SenderRequests } from './requests';
import { Sender } from './sender';
import type { FromSender, SenderConfig, ToSender } from './worker-protocol';

/** The entry of the outgoing worker. */
serve<SenderConfig, ToSender, FromSender, SenderRequests>({
  isPatient: () => true,
  begin: ({ outcomes }, outbox) => {
    const sender = new Sender(
      (message, weight) => outbox.add(message, weight),
      // Nothing waits for it: the worker ends with it, and another one begins.
      (error) => {
        throw error;
      },
      outcomes,
    );
    return {
      requests: sender,
      message: (message) => sender.take(message),
      stop: (graceMs) => sender.stop(graceMs),
    };
  },
});
