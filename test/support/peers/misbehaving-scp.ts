import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { abort, commandSet, dataTF, item, pdu, pdv, readCommand } from '../connections/pdus';

/** A presentation context as it was proposed. */
export interface Proposed {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

/** An object that came as a whole. */
export interface StoredObject {
  contextId: number;
  sopClassUID: string;
  sopInstanceUID: string;
  messageId: number;
  /** As which its context was accepted. */
  transferSyntaxUID: string;
  /** All of the command set, by element number. */
  command: Map<number, number | string>;
  dataSet: Buffer;
  /** Bytes of each P-DATA-TF, after its header. */
  pduLengths: number[];
}

/** An answer to a C-STORE-RQ: a status, what differs from a right response, raw bytes, or none of all that. */
export type StoreAnswer =
  | number
  | { status: number; elements?: Record<number, number | string>; contextId?: number }
  | Buffer
  | 'nothing'
  | 'reset'
  | 'close'
  | 'abort'
  | 'release';

/** What it does. Nothing said: what a good SCP does. */
export interface Behaviour {
  /** To a connection, before anything is read. */
  connection?: 'silent' | 'close' | 'reset';
  /** To an A-ASSOCIATE-RQ: bytes as they are to be sent. */
  associate?: Buffer | 'silent' | 'close' | 'abort';
  /** Which transfer syntax, or result other than 0; by default the first one proposed. */
  context?: (proposed: Proposed) => string | number;
  /** It announces this. */
  maxPduLength?: number;
  /** Further items of the A-ASSOCIATE-AC's user information. */
  userItems?: Buffer[];
  /** After so many bytes of a C-STORE-RQ and its data set, headers included. */
  midway?: { bytes: number; act: 'reset' | 'stall' | 'abort' | StoreAnswer };
  /** @param count of objects before this one, on all associations */
  store?: (object: StoredObject, count: number) => StoreAnswer;
  release?: 'silent' | 'close' | 'abort';
}

interface Arriving {
  contextId: number;
  command: Buffer[];
  data: Buffer[];
  hasCommand: boolean;
  pduLengths: number[];
}
const nothingYet = (): Arriving => ({
  contextId: 0,
  command: [],
  data: [],
  hasCommand: false,
  pduLengths: [],
});

const COMMAND = 0b01;
const LAST = 0b10;

/** A Storage SCP on raw sockets that does what a test wants, and remembers what it got. */
export class MisbehavingScp {
  readonly objects: StoredObject[] = [];
  readonly associateRequests: Buffer[] = [];
  /** PDU types as they came, on all connections. */
  readonly pduTypes: number[] = [];
  /** Command sets of responses to what it asked. */
  readonly responses: Map<number, number | string>[] = [];
  /** With what each of their contexts was accepted. */
  private readonly sockets = new Map<Socket, Map<number, string>>();

  private constructor(
    private readonly server: Server,
    /** May be replaced at any time. */
    public behaviour: Behaviour,
  ) {
    server.on('connection', (socket) => {
      this.sockets.set(socket, new Map());
      socket.once('close', () => this.sockets.delete(socket));
      // What a peer that is let down does to its connection is its own affair.
      socket.on('error', () => socket.destroy());
      this.serve(socket);
    });
  }

  /** @param port 0: a free one */
  static async listen(behaviour: Behaviour = {}, port = 0): Promise<MisbehavingScp> {
    const server = createServer({ noDelay: true }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new MisbehavingScp(server, behaviour);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.sockets.size;
  }

  /** Sends something on every connection, without being asked. */
  say(bytes: Buffer): void {
    for (const socket of this.sockets.keys()) socket.write(bytes);
  }

  /** Closes the connections as a peer that goes away does. */
  hangUp(): void {
    for (const socket of this.sockets.keys()) socket.end();
  }

  /** Reads again what it stalled. */
  goOn(): void {
    for (const socket of this.sockets.keys()) socket.resume();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets.keys()) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    if (this.behaviour.connection === 'silent') socket.resume();
    if (this.behaviour.connection === 'close') socket.end();
    if (this.behaviour.connection === 'reset') socket.resetAndDestroy();
    if (this.behaviour.connection !== undefined) return;
    let received: Buffer = Buffer.alloc(0);
    let ofObject = 0;
    let arriving = nothingYet();
    let isMidwayDone = false;
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      const { midway } = this.behaviour;
      if (received[0] === 4 || arriving.pduLengths.length > 0) ofObject += bytes.length;
      if (midway !== undefined && ofObject >= midway.bytes && !isMidwayDone) {
        isMidwayDone = true;
        if (midway.act === 'stall') return void socket.pause();
        this.answer(socket, readPart(arriving, received), midway.act);
        if (socket.destroyed || midway.act === 'abort') return;
      }
      while (received.length >= 6 && received.length >= 6 + received.readUInt32BE(2)) {
        const end = 6 + received.readUInt32BE(2);
        const [type, body] = [received.readUInt8(0), received.subarray(6, end)];
        received = received.subarray(end);
        this.pduTypes.push(type);
        if (type === 1) this.associate(socket, body);
        if (type === 5) this.release(socket);
        if (type === 7) socket.end();
        if (type === 4 && takeData(arriving, body)) {
          this.took(socket, arriving);
          arriving = nothingYet();
          ofObject = 0;
        }
      }
    });
  }

  private associate(socket: Socket, body: Buffer): void {
    this.associateRequests.push(body);
    const { associate = this.accept(socket, body) } = this.behaviour;
    if (associate === 'close') socket.end();
    else if (associate === 'abort') socket.end(abort());
    else if (associate !== 'silent') socket.write(associate);
  }

  private accept(socket: Socket, body: Buffer): Buffer {
    const { context = ({ transferSyntaxes: [first = ''] }) => first, maxPduLength = 16_384 } = this.behaviour;
    const answers = readContexts(body).map((proposed) => {
      const answer = context(proposed);
      if (typeof answer === 'string') this.sockets.get(socket)?.set(proposed.id, answer);
      return answeredContext(proposed.id, answer);
    });
    return associateAC({ answers, maxPduLength, userItems: this.behaviour.userItems ?? [] });
  }

  private release(socket: Socket): void {
    const { release } = this.behaviour;
    if (release === 'close') socket.end();
    else if (release === 'abort') socket.end(abort());
    else if (release === undefined) socket.end(pdu(0x06, Buffer.alloc(4)));
  }

  private took(socket: Socket, arriving: Arriving): void {
    const object = readPart(arriving);
    object.transferSyntaxUID = this.sockets.get(socket)?.get(object.contextId) ?? '';
    const { store = () => 0 } = this.behaviour;
    if ((Number(object.command.get(0x0100)) & 0x8000) !== 0) return void this.responses.push(object.command);
    if (object.command.get(0x0100) === 0x0030) return void this.answer(socket, object, 0);
    const answer = store(object, this.objects.length);
    this.objects.push(object);
    this.answer(socket, object, answer);
  }

  private answer(socket: Socket, object: StoredObject, answer: StoreAnswer): void {
    if (answer === 'nothing') return;
    if (answer === 'reset') return void socket.resetAndDestroy();
    if (answer === 'close') return void socket.end();
    if (answer === 'abort') return void socket.end(abort());
    if (answer === 'release') return void socket.write(pdu(0x05, Buffer.alloc(4)));
    if (Buffer.isBuffer(answer)) return void socket.write(answer);
    const {
      status,
      elements = {},
      contextId = object.contextId,
    } = typeof answer === 'number' ? { status: answer } : answer;
    const response = commandSet({
      0x0002: object.sopClassUID,
      0x0100: Number(object.command.get(0x0100)) | 0x8000,
      0x0120: object.messageId,
      0x0800: 0x0101,
      0x0900: status,
      ...(object.sopInstanceUID && { 0x1000: object.sopInstanceUID }),
      ...elements,
    });
    socket.write(dataTF(pdv(contextId, COMMAND | LAST, response)));
  }
}

/** What has come of an object. @param rest of a PDU that is not complete */
function readPart(arriving: Arriving, rest: Buffer = Buffer.alloc(0)): StoredObject {
  const isRest = arriving.pduLengths.length === 0 && rest.length > 12;
  const bytes = isRest ? rest.subarray(12, 10 + rest.readUInt32BE(6)) : Buffer.concat(arriving.command);
  const command = readCommand(bytes);
  return {
    contextId: isRest ? rest.readUInt8(10) : arriving.contextId,
    sopClassUID: String(command.get(0x0002) ?? command.get(0x0003) ?? ''),
    sopInstanceUID: String(command.get(0x1000) ?? command.get(0x1001) ?? ''),
    transferSyntaxUID: '',
    messageId: Number(command.get(0x0110)),
    command,
    dataSet: Buffer.concat(arriving.data),
    pduLengths: arriving.pduLengths,
  };
}

/** True with the last fragment of a message. */
function takeData(arriving: Arriving, body: Buffer): boolean {
  arriving.pduLengths.push(body.length);
  let isLast = false;
  for (let at = 0; at < body.length;) {
    const end = at + 4 + body.readUInt32BE(at);
    const control = body.readUInt8(at + 5);
    arriving.contextId = body.readUInt8(at + 4);
    if (arriving.hasCommand === ((control & COMMAND) !== 0)) throw new Error('a fragment out of order');
    (control & COMMAND ? arriving.command : arriving.data).push(body.subarray(at + 6, end));
    if (control === (COMMAND | LAST)) {
      arriving.hasCommand = true;
      isLast = readCommand(Buffer.concat(arriving.command)).get(0x0800) === 0x0101;
    }
    if (control === LAST) isLast = true;
    at = end;
  }
  return isLast;
}

/** The contexts of an A-ASSOCIATE-RQ, without its header. */
export function readContexts(body: Buffer): Proposed[] {
  return [...itemsOf(body.subarray(68))]
    .filter(({ type }) => type === 0x20)
    .map(({ value }) => {
      const inner = [...itemsOf(value.subarray(4))];
      const texts = (type: number): string[] =>
        inner.filter((each) => each.type === type).map((each) => each.value.toString('latin1'));
      return { id: value.readUInt8(0), abstractSyntax: texts(0x30).join(), transferSyntaxes: texts(0x40) };
    });
}

/** The items of a variable field. */
export function* itemsOf(bytes: Buffer): Generator<{ type: number; value: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    yield { type: bytes.readUInt8(at), value: bytes.subarray(at + 4, end) };
    at = end;
  }
}

/** @param answer a transfer syntax, or a result other than 0 */
export function answeredContext(id: number, answer: string | number): Buffer {
  const result = typeof answer === 'number' ? answer : 0;
  return item(
    0x21,
    Buffer.concat([Buffer.from([id, 0, result, 0]), item(0x40, typeof answer === 'string' ? answer : '')]),
  );
}

/** An A-ASSOCIATE-AC. */
export function associateAC({
  answers,
  maxPduLength = 16_384,
  userItems = [],
}: {
  answers: Buffer[];
  maxPduLength?: number;
  userItems?: Buffer[];
}): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(maxPduLength);
  return pdu(
    0x02,
    Buffer.concat([
      Buffer.from([0, 1, 0, 0]),
      Buffer.alloc(64, ' '),
      item(0x10, '1.2.840.10008.3.1.1.1'),
      ...answers,
      item(
        0x50,
        Buffer.concat([item(0x51, length), item(0x52, '1.2.3'), item(0x55, 'NONSENSE'), ...userItems]),
      ),
    ]),
  );
}
