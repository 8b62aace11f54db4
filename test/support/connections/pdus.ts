/** PDUs as a peer would send them, built here on their own so that tests do not share code with what they test. */

export interface AssociateOptions {
  callingAET?: string;
  calledAET?: string;
  protocolVersion?: number;
  applicationContext?: string;
  contexts?: { id: number; abstractSyntax: string; transferSyntaxes: string[] }[];
  maxPduLength?: number;
  /** Appended to the user information. */
  userItems?: Buffer[];
  /** Appended to the PDU. */
  items?: Buffer[];
}

export const CT = '1.2.840.10008.5.1.4.1.1.2';
export const VERIFICATION = '1.2.840.10008.1.1';
export const IMPLICIT = '1.2.840.10008.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const JPEG = '1.2.840.10008.1.2.4.50';

export const DEFAULT_CONTEXTS = [
  { id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
  { id: 3, abstractSyntax: CT, transferSyntaxes: [EXPLICIT, IMPLICIT] },
];

export function pdu(type: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

export function item(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string, 'latin1');
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
}

export function associateRQ(options: AssociateOptions = {}): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(options.protocolVersion ?? 1, 0);
  fixed.write((options.calledAET ?? 'ANY-SCP').padEnd(16), 4, 16, 'latin1');
  fixed.write((options.callingAET ?? 'TEST_SCU').padEnd(16), 20, 16, 'latin1');
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(options.maxPduLength ?? 16_384);
  const contexts = (options.contexts ?? DEFAULT_CONTEXTS).map(({ id, abstractSyntax, transferSyntaxes }) =>
    item(
      0x20,
      Buffer.concat([
        Buffer.from([id, 0, 0, 0]),
        item(0x30, abstractSyntax),
        ...transferSyntaxes.map((uid) => item(0x40, uid)),
      ]),
    ),
  );
  return pdu(
    0x01,
    Buffer.concat([
      fixed,
      item(0x10, options.applicationContext ?? '1.2.840.10008.3.1.1.1'),
      ...contexts,
      item(0x50, Buffer.concat([item(0x51, maxLength), item(0x52, '1.2.3.4'), ...(options.userItems ?? [])])),
      ...(options.items ?? []),
    ]),
  );
}

/** One PDV. `control`: bit 0 command, bit 1 last fragment. */
export function pdv(contextId: number, control: number, value: Buffer): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32BE(value.length + 2, 0);
  header.writeUInt8(contextId, 4);
  header.writeUInt8(control, 5);
  return Buffer.concat([header, value]);
}

export const dataTF = (...pdvs: Buffer[]): Buffer => pdu(0x04, Buffer.concat(pdvs));
export const releaseRQ = (): Buffer => pdu(0x05, Buffer.alloc(4));
export const abort = (): Buffer => pdu(0x07, Buffer.alloc(4));

/** Elements of group 0000 in implicit VR little endian: numbers as US, text as it is (padded with NUL). */
export function commandSet(elements: Record<number, number | string>): Buffer {
  const encoded = Object.entries(elements).map(([tag, value]) => {
    const bytes =
      typeof value === 'number'
        ? Buffer.from([value & 0xff, value >> 8])
        : Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
    return element(Number(tag), bytes);
  });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.concat(encoded).length);
  return Buffer.concat([element(0, length), ...encoded]);
}

function element(tag: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(tag, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

export function storeRQ(overrides: Record<number, number | string> = {}): Buffer {
  return commandSet({
    0x0002: CT,
    0x0100: 0x0001,
    0x0110: 7,
    0x0700: 0,
    0x0800: 0,
    0x1000: '1.2.3.4.5',
    ...overrides,
  });
}

export function echoRQ(messageId = 1): Buffer {
  return commandSet({ 0x0002: VERIFICATION, 0x0100: 0x0030, 0x0110: messageId, 0x0800: 0x0101 });
}

/** The values of a response's command set, by element number. */
export function readResponse(body: Buffer): { contextId: number; values: Map<number, number | string> } {
  const end = 4 + body.readUInt32BE(0);
  return { contextId: body.readUInt8(4), values: readCommand(body.subarray(6, end)) };
}

const TEXT_ELEMENTS = [0x0002, 0x0003, 0x0600, 0x0902, 0x1000, 0x1001, 0x1030];

/** The values of a command set, by element number: numbers for US, text otherwise. */
export function readCommand(bytes: Buffer): Map<number, number | string> {
  const values = new Map<number, number | string>();
  for (let offset = 0; offset < bytes.length;) {
    const tag = bytes.readUInt16LE(offset + 2);
    const length = bytes.readUInt32LE(offset + 4);
    const value = bytes.subarray(offset + 8, offset + 8 + length);
    const isText = TEXT_ELEMENTS.includes(tag);
    values.set(tag, isText ? value.toString('latin1').replace(/[ \0]+$/, '') : value.readUInt16LE(0));
    offset += 8 + length;
  }
  return values;
}
