import { DicomError, inspectDataSet, type ByteSource } from '../dicom';
import {
  Status,
  type CommandStatus,
  type ObjectStore,
  type ObjectWriter,
  type StoreRequest,
} from '../network';
import { QueueRefusal, type ObjectQueue, type QueueWriter } from '../queue';
import { contentSource } from './content-source';
import type { ObjectEnvelope } from './message';
import { encodeHead, type ObjectHead } from './object-head';

export interface IntakeListener {
  /** The object is safe in the queue. Resolves with the answer to its sender. */
  queued(id: string, head: ObjectHead): Promise<CommandStatus>;
  /** The queue would not take an object. */
  refused(refusal: QueueRefusal): void;
}

/**
 * Takes data sets from the network into the queue: each becomes a Part 10 file whose meta information carries the
 * association's facts, and is answered only when the queue has it safely and its identity is what the command said.
 */
export class ObjectIntake implements ObjectStore {
  constructor(
    private readonly queue: ObjectQueue,
    private readonly listener: IntakeListener,
  ) {}

  begin(request: StoreRequest): { writer: ObjectWriter } | { refused: CommandStatus } {
    const envelope = envelopeOf(request);
    const bytes = encodeHead(envelope);
    try {
      const head = { envelope, length: bytes.length };
      return { writer: this.writer(request, head, this.queue.begin(bytes)) };
    } catch (error) {
      return { refused: this.outOfResources(error) };
    }
  }

  private writer(request: StoreRequest, head: ObjectHead, object: QueueWriter): ObjectWriter {
    return {
      write: (bytes) => {
        try {
          object.write(bytes);
          return undefined;
        } catch (error) {
          return this.outOfResources(error);
        }
      },
      finish: async () => {
        let id: string;
        try {
          const refused = checkIdentity(request, contentSource(object.content()), head.length);
          if (refused !== undefined) {
            object.discard();
            return refused;
          }
          id = await object.commit();
        } catch (error) {
          object.discard();
          return this.outOfResources(error);
        }
        return this.listener.queued(id, head);
      },
      discard: () => object.discard(),
    };
  }

  /** What is no refusal is a fault of ours, and not to be hidden behind a status. */
  private outOfResources(error: unknown): CommandStatus {
    if (!(error instanceof QueueRefusal)) throw error;
    this.listener.refused(error);
    return { status: Status.outOfResources, comment: error.message };
  }
}

function envelopeOf(request: StoreRequest): ObjectEnvelope {
  const { messageId, sopClassUID, sopInstanceUID, transferSyntaxUID } = request;
  const { callingAET, calledAET, remoteAddress, remotePort, localPort, associationId, tls } =
    request.association;
  return {
    callingAET,
    calledAET,
    remoteAddress,
    remotePort,
    localPort,
    ...(tls && { tls }),
    associationId,
    messageId,
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    receivedAt: new Date().toISOString(),
  };
}

/**
 * A data set that cannot be read to its end, or that is of another class than was negotiated and announced, must not be
 * acknowledged (PS3.4 B.2.3: C000, A900). Where command and data set disagree otherwise, the object is taken, and
 * everything downstream goes by the data set (`convertQueued`): dcmsend takes a command's UIDs from wherever it finds
 * them, and instance UIDs in meta information that are not the data set's are found in the wild.
 */
function checkIdentity(request: StoreRequest, source: ByteSource, offset: number): CommandStatus | undefined {
  try {
    const found = inspectDataSet(source, { transferSyntaxUID: request.transferSyntaxUID, offset });
    if (found.sopClassUID === undefined || found.sopInstanceUID === undefined) {
      return { status: Status.cannotUnderstand, comment: 'data set has no SOP Class or SOP Instance UID' };
    }
    if (![request.sopClassUID, request.abstractSyntaxUID].includes(found.sopClassUID)) {
      const comment = 'SOP Class UID of the data set is not that of the command';
      return { status: Status.dataSetDoesNotMatchSopClass, comment };
    }
    return undefined;
  } catch (error) {
    if (error instanceof DicomError) return { status: Status.cannotUnderstand, comment: error.message };
    throw error;
  }
}
