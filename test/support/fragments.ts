import { MessageReader } from '../../src/network/dimse/message-reader';
import { PduReader, type PdvFragment } from '../../src/network/upper-layer/pdu-reader';
import type { CommandSet } from '../../src/network/dimse/command-set';

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
  readonly tooLong: number[] = [];
  /** What of the stream has come, in words. */
  readonly told: string[] = [];
  private parts: Buffer[] = [];
  readonly messageReader = new MessageReader({
    command: (contextId, command) => {
      this.parts = [];
      if (!command.hasDataSet) this.messages.push({ contextId, command, data: undefined });
    },
    data: (bytes) => void this.parts.push(Buffer.from(bytes)),
    dataEnds: (contextId, command) =>
      void this.messages.push({ contextId, command, data: Buffer.concat(this.parts) }),
    dataTooLong: (limit) => void this.tooLong.push(limit),
  });
  readonly reader: PduReader;

  constructor(
    maxDataLength = 1_000_000,
    fragment = (fragment: PdvFragment): void => this.messageReader.fragment(fragment),
  ) {
    this.reader = new PduReader(
      {
        pduBegins: (type, length) => void this.told.push(`begins ${type} ${length}`),
        pdu: (_type, bytes) => void this.pdus.push(Buffer.from(bytes)),
        fragment,
        pduEnds: (type) => void this.told.push(`ends ${type}`),
      },
      maxDataLength,
    );
  }
}
