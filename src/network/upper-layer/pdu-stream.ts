import type { Socket } from 'node:net';
import { AbortReason, PduType, ProtocolError } from './pdu';
import { PduReader, type PduPart } from './pdu-reader';
import { type ConnectionListener, PeerConnection } from './peer-connection';
import type { RequestBudget } from './request-budget';

/** What a stream tells its protocol machine. */
export interface StreamListener {
  /** Throws at the beginning of a PDU that is not legal now. */
  take(part: PduPart): void;
  /** Reading failed, or `take` did. */
  failed(error: unknown): void;
  lost(text: string, error?: Error): void;
}

/** The PDUs that come over a connection, part by part, as long as nothing holds it. */
export class PduStream implements ConnectionListener {
  readonly connection: PeerConnection;
  /** Undefined: what follows cannot be framed any more, or nobody wants it. */
  private reader: PduReader | undefined;
  private releaseMemory = (): void => undefined;

  /**
   * @param maxPduLength the longest P-DATA-TF that we announced, in bytes
   * @param memory for A-ASSOCIATE PDUs that arrive, which all connections share
   */
  constructor(
    socket: Socket,
    maxPduLength: number,
    private readonly memory: RequestBudget,
    private readonly listener: StreamListener,
  ) {
    this.reader = new PduReader(maxPduLength);
    this.connection = new PeerConnection(socket, this);
  }

  /** Reading has stopped for good. */
  stop(): void {
    this.reader = undefined;
    this.releaseMemory();
  }

  received(bytes: Buffer): void {
    this.reader?.push(bytes);
    this.read();
    this.reader?.keepRest();
  }

  resumed(): void {
    this.read();
  }

  lost(text: string, error?: Error): void {
    this.listener.lost(text, error);
  }

  private read(): void {
    try {
      while (this.reader !== undefined && !this.connection.isHeld) {
        const part = this.reader.next();
        if (part === undefined) return;
        if (part.kind === 'pdu') this.releaseMemory();
        this.listener.take(part);
        if (part.kind === 'begin') this.takeMemory(part.type, part.length);
      }
    } catch (error) {
      this.listener.failed(error);
    }
  }

  private takeMemory(type: PduType, length: number): void {
    if (type !== PduType.associateRQ && type !== PduType.associateAC) return;
    const release = this.memory.take(length);
    if (release === undefined) {
      const text = `no memory for an A-ASSOCIATE PDU of ${length} bytes beside those that are arriving`;
      throw new ProtocolError(AbortReason.notSpecified, text);
    }
    this.releaseMemory = release;
  }
}
