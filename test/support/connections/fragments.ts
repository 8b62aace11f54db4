import type { CommandSet } from '../../../src/network/dimse/command-set';
import { MessageReader } from '../../../src/network/dimse/message-reader';
import { PduReader, type PdvFragment } from '../../../src/network/upper-layer/pdu-reader';

/** A DIMSE message as it was read. */
export interface ReadMessage {
  contextId: number;
  command: CommandSet;
  data: Buffer | undefined;
}

/** What a stream of PDUs says: whole PDUs other than P-DATA-TF, and messages. */
export class StreamReading {
  readonly pdus: Buffer[] = [];
  readonly messages: ReadMessage[] = [];
  /** What of the stream has come, in words. */
  readonly told: string[] = [];
  readonly messageReader = new MessageReader();
  readonly reader: PduReader;
  private arriving: (ReadMessage & { parts: Buffer[] }) | undefined;

  constructor(
    maxDataLength = 1_000_000,
    private readonly fragment = (fragment: PdvFragment): void => this.take(fragment),
  ) {
    this.reader = new PduReader(maxDataLength);
  }

  /** Reads a chunk, which is valid during the call only. */
  push(chunk: Buffer): void {
    this.reader.push(chunk);
    for (let part = this.reader.next(); part !== undefined; part = this.reader.next()) {
      if (part.kind === 'begin') this.told.push(`begins ${part.type} ${part.length}`);
      if (part.kind === 'pdu') this.pdus.push(Buffer.from(part.bytes));
      if (part.kind === 'pdu') this.told.push(`ends ${part.type}`);
      if (part.kind === 'fragment') this.fragment(part);
      if (part.kind === 'fragment' && part.endsPdu) this.told.push('ends 4');
    }
    this.reader.keepRest();
  }

  private take(fragment: PdvFragment): void {
    const part = this.messageReader.take(fragment);
    if (part?.kind === 'command') {
      const { contextId, command } = part;
      this.arriving = { contextId, command, data: undefined, parts: [] };
    }
    if (part?.kind === 'data') this.arriving?.parts.push(Buffer.from(part.bytes));
    if (part === undefined || this.arriving === undefined || this.messageReader.isUnderWay) return;
    const { contextId, command, parts } = this.arriving;
    this.messages.push({ contextId, command, data: command.hasDataSet ? Buffer.concat(parts) : undefined });
  }
}
