import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import type { EchoOutcome } from '../../../src/admin-api';
import { sendEcho } from '../../../src/network';
import {
  IMPLICIT,
  VERIFICATION,
  commandSet,
  dataTF,
  item,
  pdu,
  pdv,
  readResponse,
} from '../../support/connections/pdus';

const open: (() => unknown)[] = [];
async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
afterEach(closeAll);
after(closeAll);

/** Calls a server that does this with each connection. */
async function echoTo(serve: (socket: Socket) => void, timeoutMs = 5_000): Promise<EchoOutcome> {
  const server = createServer((socket) => {
    open.push(() => socket.destroy());
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  open.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return sendEcho({ host: '127.0.0.1', port, callingAET: 'US', calledAET: 'THEM', timeoutMs });
}

/** @param result of its presentation context */
function accept(maxPduLength: number, result = 0): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(maxPduLength);
  return pdu(
    0x02,
    Buffer.concat([
      Buffer.from([0, 1, 0, 0]),
      Buffer.alloc(64, ' '),
      item(0x10, '1.2.840.10008.3.1.1.1'),
      item(0x21, Buffer.concat([Buffer.from([1, 0, result, 0]), item(0x40, IMPLICIT)])),
      item(0x50, Buffer.concat([item(0x51, length), item(0x52, '1.2.3')])),
    ]),
  );
}

/** Whole PDUs of a socket. */
function eachPdu(socket: Socket, take: (type: number, body: Buffer) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 6 && received.length >= 6 + received.readUInt32BE(2)) {
      const end = 6 + received.readUInt32BE(2);
      take(received.readUInt8(0), received.subarray(6, end));
      received = received.subarray(end);
    }
  });
}

describe('our own C-ECHO', () => {
  for (const maxPduLength of [0, 7, 8, 12, 13, 40, 16_384]) {
    it(`keeps to a maximum length of ${maxPduLength} bytes`, async () => {
      const lengths: number[] = [];
      const parts: Buffer[] = [];
      const outcome = await echoTo((socket) =>
        eachPdu(socket, (type, body) => {
          if (type === 0x01) socket.write(accept(maxPduLength));
          if (type === 0x05) socket.write(pdu(0x06, Buffer.alloc(4)));
          if (type !== 0x04) return;
          lengths.push(body.length);
          parts.push(body.subarray(6));
          if (body[5] !== 0b11) return;
          const { values } = readResponse(pdv(1, 0b11, Buffer.concat(parts)));
          assert.equal(values.get(0x0100), 0x0030);
          const response = commandSet({
            0x0002: VERIFICATION,
            0x0100: 0x8030,
            0x0120: Number(values.get(0x0110)),
            0x0800: 0x0101,
            0x0900: 0,
          });
          socket.write(dataTF(pdv(1, 0b11, response)));
        }),
      );
      assert.equal(outcome.outcome, 'answered');
      const limit = maxPduLength === 0 ? Infinity : maxPduLength;
      assert.ok(lengths.length > 0 && Math.max(...lengths) <= limit, String(lengths));
    });
  }

  it('says so where the peer leaves no room for a message', async () => {
    const outcome = await echoTo((socket) => eachPdu(socket, () => socket.write(accept(6))));
    assert.ok(outcome.outcome === 'failed');
    assert.match(outcome.text, /no room/);
  });

  it('takes no more than an answer from whoever has the port', async () => {
    // A PDU that claims 4 GiB, sent without end: it must neither be collected nor keep the caller.
    const outcome = await echoTo((socket) => {
      const send = (): void => {
        if (socket.writable) socket.write(Buffer.alloc(65_536), send);
      };
      socket.write(Buffer.from([0x02, 0, 0xff, 0xff, 0xff, 0xff]));
      send();
    }, 60_000);
    assert.ok(outcome.outcome === 'failed');
    assert.equal(outcome.code, 'NOT_DICOM');
    assert.match(outcome.text, /claims 4294967295 bytes/);
  });

  it('says that nobody there is to be asked by C-ECHO', async () => {
    const outcome = await echoTo((socket) => eachPdu(socket, () => socket.write(accept(16_384, 3))));
    assert.ok(outcome.outcome === 'failed');
    assert.equal(outcome.code, 'NO_VERIFICATION');
  });
});
