import { bufferSource, convert, encodeIdentifier, encodeMatch, type KeywordTags } from '../../../src/dicom';
import { commandSet, dataTF, EXPLICIT, pdv, readCommand, type AssociateOptions } from '../connections/pdus';
import { associate, type RawPeer } from '../connections/raw-peer';

export const STUDY_ROOT = '1.2.840.10008.5.1.4.1.2.2.1';
export const PATIENT_ROOT = '1.2.840.10008.5.1.4.1.2.1.1';
export const WORKLIST = '1.2.840.10008.5.1.4.31';
export const MPPS = '1.2.840.10008.3.1.2.3.3';

/** A DIMSE response, with the bytes of its data set. */
export interface DimseResponse {
  command: Map<number, number | string>;
  status: number;
  bytes: Buffer | undefined;
}

/** A client of services other than C-STORE, by hand: it sends what a test wants, whatever that is. */
export class DimseClient {
  private rest: { control: number; value: Buffer }[] = [];

  private constructor(
    readonly peer: RawPeer,
    readonly sopClass: string,
    readonly syntax: string,
  ) {}

  static async open(
    port: number,
    sopClass: string,
    { syntax = EXPLICIT, ...options }: AssociateOptions & { syntax?: string } = {},
  ): Promise<DimseClient> {
    const contexts = [{ id: 1, abstractSyntax: sopClass, transferSyntaxes: [syntax] }];
    const peer = await associate(port, { contexts, callingAET: 'FINDER', ...options });
    return new DimseClient(peer, sopClass, syntax);
  }

  /** A request with a data set. */
  request(command: Record<number, number | string>, dataSet?: Buffer): void {
    const bytes = commandSet({ 0x0800: dataSet === undefined ? 0x0101 : 0, ...command });
    const parts = [dataTF(pdv(1, 3, bytes))];
    for (let at = 0; dataSet !== undefined && (at < dataSet.length || at === 0); at += 16_000) {
      const piece = dataSet.subarray(at, at + 16_000);
      parts.push(dataTF(pdv(1, at + 16_000 >= dataSet.length ? 2 : 0, piece)));
    }
    this.peer.send(...parts);
  }

  find(keys: unknown, messageId = 1): void {
    this.findBytes(encodeIdentifier(keys, this.syntax), messageId);
  }

  findBytes(identifier: Buffer, messageId = 1): void {
    this.request({ 0x0002: this.sopClass, 0x0100: 0x0020, 0x0110: messageId, 0x0700: 0 }, identifier);
  }

  cancel(messageId = 1): void {
    this.request({ 0x0100: 0x0fff, 0x0120: messageId });
  }

  create(uid: string | undefined, attributes: unknown): void {
    this.request(
      { 0x0002: MPPS, 0x0100: 0x0140, 0x0110: 3, ...(uid !== undefined && { 0x1000: uid }) },
      encodeIdentifierOfMany(attributes, this.syntax),
    );
  }

  set(uid: string, changes: unknown): void {
    this.request(
      { 0x0003: MPPS, 0x0100: 0x0120, 0x0110: 4, 0x1001: uid },
      encodeIdentifierOfMany(changes, this.syntax),
    );
  }

  /** The next response. */
  async next(timeoutMs?: number): Promise<DimseResponse> {
    const command = readCommand(await this.message(1, timeoutMs));
    const bytes = command.get(0x0800) === 0x0101 ? undefined : await this.message(0, timeoutMs);
    return { command, status: command.get(0x0900) as number, bytes };
  }

  /** Matches, and the last response. */
  async all(): Promise<{ matches: KeywordTags[]; pending: DimseResponse[]; last: DimseResponse }> {
    const pending: DimseResponse[] = [];
    for (;;) {
      const response = await this.next();
      if (response.status >> 8 !== 0xff)
        return { matches: pending.map((each) => this.tags(each)), pending, last: response };
      pending.push(response);
    }
  }

  tags({ bytes = Buffer.alloc(0) }: DimseResponse): KeywordTags {
    if (bytes.length === 0) return {};
    const { message } = convert(bufferSource(bytes), {
      transferSyntaxUID: this.syntax,
      includeCommonFieldsNode: false,
      includeReportNode: false,
      includeTagsNode: true,
      tagsFormat: 'keyword',
    });
    return message.Tags ?? {};
  }

  close(): void {
    this.peer.destroy();
  }

  /** Fragments of a command or of a data set, up to the last one. */
  private async message(kind: number, timeoutMs?: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      if (this.rest.length === 0) this.rest = await this.pdvs(timeoutMs);
      const { control, value } = this.rest.shift() as { control: number; value: Buffer };
      if ((control & 1) !== kind) throw new Error('a fragment of the other kind');
      pieces.push(value);
      if ((control & 2) !== 0) return Buffer.concat(pieces);
    }
  }

  private async pdvs(timeoutMs?: number): Promise<{ control: number; value: Buffer }[]> {
    const pdu = await this.peer.next(timeoutMs);
    if (pdu?.type !== 4) throw new Error(`expected a response, got PDU type ${pdu?.type}`);
    const found: { control: number; value: Buffer }[] = [];
    for (let at = 0; at < pdu.body.length;) {
      const length = pdu.body.readUInt32BE(at);
      found.push({ control: pdu.body.readUInt8(at + 5), value: pdu.body.subarray(at + 6, at + 4 + length) });
      at += 4 + length;
    }
    return found;
  }
}

function encodeIdentifierOfMany(json: unknown, syntax: string): Buffer {
  return Buffer.isBuffer(json) ? json : encodeMatch(json, syntax, []);
}
