import type { TlsOptions } from 'node:tls';
import { Listener, hostFilter, type ListenerOptions, type NetworkEvent } from '../../../src/network';
import type { CommandStatus, CommitmentReport, ObjectStore, StoreRequest } from '../../../src/network';

export interface StoredObject {
  request: StoreRequest;
  bytes: Buffer;
}

export interface TestListener {
  listener: Listener;
  port: number;
  events: NetworkEvent[];
  /** Objects of which the command has come. */
  begun: StoreRequest[];
  stored: StoredObject[];
  discarded: StoreRequest[];
  reports: { report: CommitmentReport; callingAET: string }[];
  close(): Promise<void>;
}

export interface TestListenerOptions {
  policy?: Partial<ListenerOptions['policy']>;
  limits?: Partial<ListenerOptions['limits']>;
  allowedHosts?: string[];
  trustedProxies?: string[];
  bindAddress?: string;
  tls?: TlsOptions;
  /** Instead of the one that remembers. */
  store?: ObjectStore;
  /** The answer to a complete object; default success. */
  answer?: (object: StoredObject) => Promise<CommandStatus>;
  /** The answer to a report on storage commitment; default success. */
  answerReport?: (report: CommitmentReport) => CommandStatus;
}

/** A listener on a free port of the loopback interface, with a store that remembers. */
export async function testListener(options: TestListenerOptions = {}): Promise<TestListener> {
  const events: NetworkEvent[] = [];
  const begun: StoreRequest[] = [];
  const stored: StoredObject[] = [];
  const discarded: StoreRequest[] = [];
  const reports: TestListener['reports'] = [];
  const store: ObjectStore = {
    begin(request) {
      begun.push(request);
      const parts: Buffer[] = [];
      return {
        append(bytes) {
          parts.push(Buffer.from(bytes));
          return undefined;
        },
        complete: async () => {
          const object = { request, bytes: Buffer.concat(parts) };
          const status = (await options.answer?.(object)) ?? { status: 0 };
          if (status.status === 0) stored.push(object);
          return status;
        },
        discard: () => void discarded.push(request),
      };
    },
  };
  const listener = new Listener({
    port: 0,
    bindAddress: options.bindAddress ?? '127.0.0.1',
    allowsHost: hostFilter(options.allowedHosts ?? []),
    ...(options.trustedProxies && { isProxy: hostFilter(options.trustedProxies) }),
    policy: {
      ourAET: 'OUR_SCP',
      checkCalledAET: false,
      callingAETs: 'any',
      maxAssociations: 50,
      acceptUnknownSopClasses: true,
      isStorageSopClass: (uid) => uid.startsWith('1.2.840.10008.5.1.4.1.1.'),
      transferSyntaxes: [],
      ...options.policy,
    },
    limits: {
      associationTimeoutSeconds: 30,
      idleTimeoutSeconds: 60,
      maxPduLength: 262_144,
      maxObjectBytes: 0,
      ...options.limits,
    },
    store: options.store ?? store,
    commitments: {
      reported: (report, { callingAET }) => {
        reports.push({ report, callingAET });
        return Promise.resolve(options.answerReport?.(report) ?? { status: 0 });
      },
    },
    report: (event) => events.push(event),
    ...(options.tls && { tls: options.tls }),
  });
  const { port } = await listener.listen();
  return { listener, port, events, begun, stored, discarded, reports, close: () => listener.close(100) };
}
