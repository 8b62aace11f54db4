import type { FlowMessage } from '../../src/message';
import { Receiver, type ReceiverEvent, type ReceiverFault } from '../../src/receiver';
import { DICOM_IN } from '../../src/settings';

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
}

/** A receiver in this process, listening on the loopback interface. `handOver: false` leaves everything in the queue. */
export async function startReceiver(
  queueDirectory: string,
  overrides: Record<string, unknown> = {},
  { handOver = true, port = 0, onFault = (): unknown => undefined } = {},
): Promise<InProcessReceiver> {
  const delivered: Delivered[] = [];
  const events: ReceiverEvent[] = [];
  const faults: ReceiverFault[] = [];
  const { settings } = DICOM_IN.parse({ bindAddress: '127.0.0.1', ...overrides });
  let listening: (port: number) => void;
  const listens = new Promise<number>((resolve) => (listening = resolve));
  const receiver = new Receiver(
    { receiverId: 'test', settings: { ...settings, port }, queueDirectory, tellsOfObjects: true },
    {
      deliver: (id, { json, object }) => {
        delivered.push({ id, message: JSON.parse(json) as FlowMessage, object });
        if (handOver) receiver.handedOver(id);
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
    },
  );
  receiver.start();
  return { receiver, port: await listens, delivered, events, faults };
}
