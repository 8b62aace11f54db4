import {
  type ByteSource,
  DicomError,
  knownClass,
  type ObjectIdentity,
  parseDataSet,
  type ParsedDataSet,
} from '../dicom';
import {
  Status,
  type CommandStatus,
  type IncomingObject,
  type ObjectStore,
  type Refusal,
  type StoreRequest,
} from '../network';
import {
  contentSource,
  encodeHead,
  PATIENT_BYTES,
  patientIn,
  type ObjectEnvelope,
  type ObjectHead,
  type ObjectNote,
  type Patient,
} from '../object';
import { QueueRefusal, type ObjectQueue, type QueueWriter } from '../queue';
import { aboutCaller } from './posted-request';

export interface IntakeListener {
  /** The object is safe in the queue. Resolves with the answer to its sender. */
  queued(id: string): Promise<CommandStatus>;
  /** The queue would not take an object. */
  refused(refusal: QueueRefusal): void;
  /** An object is in the queue, and its sender is about to be answered. */
  answered?(object: AnsweredObject): void;
}

/** An object that its sender is answered about. */
export interface AnsweredObject {
  id: string;
  request: StoreRequest;
  /** As its data set says. */
  identity: ObjectIdentity;
  /** Of the data set. */
  bytes: number;
  patient: Patient;
  answer: CommandStatus;
}

interface IntakeOptions {
  /** Who the object is about is to be told, too. */
  readsPatient?: boolean;
  /** Senders wait for the flow. */
  isAwaited?: boolean;
  /** What is not to be taken, by what it is. */
  refuses?(this: void, identity: ObjectIdentity): CommandStatus | undefined;
}

/**
 * Takes data sets from the network into the queue: each becomes a Part 10 file whose meta information carries the
 * association's facts, and is answered only when the queue has it safely and its identity is what the command said.
 */
export class ObjectIntake implements ObjectStore {
  constructor(
    private readonly queue: ObjectQueue,
    private readonly listener: IntakeListener,
    private readonly options: IntakeOptions = {},
  ) {}

  begin(request: StoreRequest): IncomingObject | Refusal {
    const envelope = envelopeOf(request);
    const bytes = encodeHead(envelope);
    try {
      const head = { envelope, length: bytes.length };
      return this.incoming(request, head, this.queue.begin(bytes));
    } catch (error) {
      return { refused: this.outOfResources(error) };
    }
  }

  private incoming(request: StoreRequest, head: ObjectHead, object: QueueWriter): IncomingObject {
    return {
      append: (bytes) => {
        try {
          object.append(bytes);
          return undefined;
        } catch (error) {
          return this.outOfResources(error);
        }
      },
      complete: async () => {
        let id: string;
        let told: Pick<AnsweredObject, 'identity' | 'bytes' | 'patient'>;
        try {
          const source = contentSource(object.content());
          const dataSet = readDataSet(request, source, head.length);
          if ('refused' in dataSet) {
            object.discard();
            return dataSet.refused;
          }
          const unwanted = this.options.refuses?.(dataSet.identity);
          if (unwanted !== undefined) {
            object.discard();
            return unwanted;
          }
          told = {
            identity: dataSet.identity,
            bytes: source.size - head.length,
            patient: this.options.readsPatient === true ? patientOf(source, head.length, request) : {},
          };
          const note: ObjectNote = { head, dataSet: dataSet.isSmall ? dataSet : undefined };
          const studyInstanceUID = dataSet.identity.studyInstanceUID ?? '';
          const { associationId: association } = head.envelope;
          const { isAwaited = false } = this.options;
          id = await object.complete({ note, studyInstanceUID, association, isAwaited });
        } catch (error) {
          object.discard();
          return this.outOfResources(error);
        }
        const answer = await this.listener.queued(id);
        this.listener.answered?.({ id, request, answer, ...told });
        return answer;
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
  const { moveOriginatorAET, moveOriginatorMessageId } = request;
  // Made for each object: what is added to a literal that begins with another object costs V8 a microsecond a property.
  return Object.assign({}, aboutCaller(request.association), {
    messageId,
    ...(moveOriginatorAET !== undefined && { moveOriginatorAET }),
    ...(moveOriginatorMessageId !== undefined && { moveOriginatorMessageId }),
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    receivedAt: new Date().toISOString(),
  });
}

/**
 * A data set that cannot be read to its end, or that is of another class than was negotiated and announced, must not be
 * acknowledged (PS3.4 B.2.3: C000, A900). Where command and data set disagree otherwise, the object is taken, and
 * everything downstream goes by the data set (`convertQueued`): dcmsend takes a command's UIDs from wherever it finds
 * them, and instance UIDs in meta information that are not the data set's are found in the wild.
 */
function readDataSet(
  { transferSyntaxUID, sopClassUID, abstractSyntaxUID }: StoreRequest,
  source: ByteSource,
  offset: number,
): ParsedDataSet | Refusal {
  let dataSet: ParsedDataSet;
  try {
    dataSet = parseDataSet(source, { transferSyntaxUID, offset });
  } catch (error) {
    if (error instanceof DicomError) return refused(Status.cannotUnderstand, error.message);
    throw error;
  }
  const found = dataSet.identity;
  if (found.sopClassUID === undefined || found.sopInstanceUID === undefined)
    return refused(Status.cannotUnderstand, 'data set has no SOP Class or SOP Instance UID');
  if (![knownClass(sopClassUID), abstractSyntaxUID].includes(knownClass(found.sopClassUID)))
    return refused(
      Status.dataSetDoesNotMatchSopClass,
      'SOP Class UID of the data set is not that of the command',
    );
  return dataSet;
}

function refused(status: number, comment: string): Refusal {
  return { refused: { status, comment } };
}

function patientOf(source: ByteSource, offset: number, { transferSyntaxUID }: StoreRequest): Patient {
  return patientIn(source.read(offset, Math.min(PATIENT_BYTES, source.size - offset)), transferSyntaxUID);
}
