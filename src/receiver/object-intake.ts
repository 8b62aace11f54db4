import {
  DicomError,
  bufferSource,
  encodeFileMeta,
  fileSource,
  inspectDataSet,
  type ByteSource,
} from '../dicom';
import {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  Status,
  type CommandStatus,
  type ObjectStore,
  type ObjectWriter,
  type StoreRequest,
} from '../network';
import { QueueRefusal, type ObjectContent, type ObjectQueue, type QueueWriter } from '../queue';
import { encodeEnvelope } from './envelope';
import type { ObjectEnvelope } from './message';

export interface IntakeListener {
  /** The object is safe in the queue. Resolves with the answer to its sender. */
  queued(id: string): Promise<CommandStatus>;
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
    const head = encodeHead(request);
    try {
      return { writer: this.writer(request, head.length, this.queue.begin(head)) };
    } catch (error) {
      return { refused: this.outOfResources(error) };
    }
  }

  private writer(request: StoreRequest, headLength: number, object: QueueWriter): ObjectWriter {
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
        const refused = checkIdentity(request, contentSource(object.content()), headLength);
        if (refused !== undefined) {
          object.discard();
          return refused;
        }
        let id: string;
        try {
          id = await object.commit();
        } catch (error) {
          return this.outOfResources(error);
        }
        return this.listener.queued(id);
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

/** The bytes of a queued object for `src/dicom`. */
export function contentSource(content: ObjectContent): ByteSource {
  return content.kind === 'memory' ? bufferSource(content.bytes) : fileSource(content.fd, content.size);
}

function encodeHead({ association, messageId, ...request }: StoreRequest): Buffer {
  const { sopClassUID, sopInstanceUID, transferSyntaxUID } = request;
  const uids = { sopClassUID, sopInstanceUID, transferSyntaxUID };
  const { callingAET, calledAET, remoteAddress, remotePort, localPort, associationId, tls } = association;
  const envelope: ObjectEnvelope = {
    callingAET,
    calledAET,
    remoteAddress,
    remotePort,
    localPort,
    ...(tls && { tls }),
    associationId,
    messageId,
    ...uids,
    receivedAt: new Date().toISOString(),
  };
  return encodeFileMeta({
    ...uids,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    sourceAET: callingAET,
    sendingAET: callingAET,
    receivingAET: calledAET,
    privateInformation: encodeEnvelope(envelope),
  });
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
