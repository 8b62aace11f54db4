import type { MessagePort } from 'node:worker_threads';
import { expected, openBytes, openFile, openHandle, type OutgoingObject, whole } from '../object';
import { QueueBusy, remoteHandle, type OpenedObject } from '../queue';
import type { Tell } from './retrievals';
import type { SendJob } from './send-job';
import type { SendRequest } from './worker-protocol';

/** Somebody who waits for an object to be opened in its queue. */
interface Opening {
  resolve(object: Promise<OutgoingObject>): void;
  reject(error: Error): void;
}

/** Why the host could not open an object. */
class NotOpened extends Error {
  override readonly name = 'NotOpened';
}

/** What the host asks to be sent, as jobs: their objects lie where the requests say, some in queues that only the host can ask. */
export class RequestedJobs {
  /** By the ids of their jobs. */
  private readonly openings = new Map<string, Opening>();

  constructor(private readonly tell: Tell) {}

  job(request: SendRequest): SendJob {
    const { id, policy, sopInstanceUID, place, changes } = request;
    return {
      id,
      policy,
      facts: {
        ...(sopInstanceUID !== undefined && { sopInstanceUID }),
        ...(place.kind === 'queue' && { queueId: place.queueId }),
      },
      isChanged: changes !== undefined,
      isStored: false,
      open: async () => expected(request, await this.open(request)),
      settled: (outcome) => this.tell({ kind: 'settled', id, outcome }),
    };
  }

  /** As `SenderRequests.opened`. */
  opened(id: string, object: OpenedObject, port: MessagePort): void {
    const handle = remoteHandle(object, port);
    const opening = this.openings.get(id);
    this.openings.delete(id);
    if (opening === undefined) handle.close();
    else opening.resolve(openHandle(handle));
  }

  /** As `SenderRequests.notOpened`. */
  notOpened(id: string, reason: string, isForNow: boolean): void {
    this.openings.get(id)?.reject(isForNow ? new QueueBusy(reason) : new NotOpened(reason));
    this.openings.delete(id);
  }

  private open({ id, place }: SendRequest): Promise<OutgoingObject> {
    switch (place.kind) {
      case 'file':
        return openFile(place.path).then(whole);
      case 'bytes':
        return openBytes(
          Buffer.from(place.bytes.buffer, place.bytes.byteOffset, place.bytes.byteLength),
        ).then(whole);
      case 'queue':
        return new Promise((resolve, reject) => {
          this.openings.set(id, { resolve, reject });
          this.tell({ kind: 'open', id });
        });
    }
  }
}
