import type { Socket } from 'node:net';
import * as dimse from 'dcmjs-dimse';
import { Deadline } from '../../basics';
import { encodeCommandPdus, isPeerLength } from '../upper-layer';

/** What became of a C-ECHO. */
export type EchoOutcome =
  | { outcome: 'answered'; milliseconds: number }
  /** With a status other than success. */
  | { outcome: 'refused'; status: number }
  /** PS3.8 9.3.4 */
  | { outcome: 'rejected'; result: number; source: number; reason: number }
  /** The connection ended before there was an answer, in an orderly way or not. */
  | { outcome: 'closed' }
  | { outcome: 'timedOut'; milliseconds: number }
  /** No connection: `code` is the system's or TLS' word for why. */
  | { outcome: 'failed'; code: string; text: string };

export interface EchoTarget {
  host: string;
  port: number;
  callingAET: string;
  calledAET: string;
  /** PEM to show if asked for a certificate; undefined: clear text. The other side's certificate is not checked. */
  tls?: { key?: string | Buffer; cert?: string | Buffer };
  timeoutMs: number;
}

/** The library's client, with the fields that its types leave out: without them a silent peer would hold it. */
class EchoClient extends dimse.Client {
  declare network: LibraryNetwork | undefined;
}

interface LibraryNetwork {
  socket: Socket;
  /** Writes a whole command set as one PDU, however little the peer takes. */
  _sendPDataTF(command: LibraryCommand, contextId: number, peerMaxLength: number): void;
}

interface LibraryCommand {
  getCommandDataset(): { getDenaturalizedCommandDataset(): Buffer };
}

/** Far more than an A-ASSOCIATE-AC for one context, a C-ECHO-RSP and an A-RELEASE-RP. */
const MAX_ANSWER_BYTES = 16_384;
/** The library's own limits, as many times the deadline: they are not to be met before it. */
const LIBRARY_MARGIN = 10;

/** Opens an association, sends C-ECHO, and releases (PS3.4 A.4). Never rejects: every end is an outcome. */
export function sendEcho({
  host,
  port,
  callingAET,
  calledAET,
  tls,
  timeoutMs,
}: EchoTarget): Promise<EchoOutcome> {
  return new Promise((resolve) => {
    const started = performance.now();
    const elapsed = (): number => Math.round(performance.now() - started);
    const client = new EchoClient();
    let socket: Socket | undefined;
    let found: EchoOutcome | undefined;
    const end = (otherwise: EchoOutcome): void => {
      deadline.stop();
      socket?.destroy();
      resolve(found ?? otherwise);
    };
    const deadline = new Deadline();
    deadline.start(timeoutMs, () => end({ outcome: 'timedOut', milliseconds: elapsed() }));

    const request = new dimse.requests.CEchoRequest();
    request.on('response', (response: dimse.responses.CEchoResponse) => {
      const status = response.getStatus();
      found =
        status === dimse.constants.Status.Success
          ? { outcome: 'answered', milliseconds: elapsed() }
          : { outcome: 'refused', status };
    });
    client.addRequest(request);
    client.on('associationRejected', (rejection: { result: number; source: number; reason: number }) => {
      found = { outcome: 'rejected', ...rejection };
    });
    client.on('networkError', (error: Error) => end(failure(error)));
    client.on('closed', () => end({ outcome: 'closed' }));
    try {
      client.send(host, port, callingAET, calledAET, {
        connectTimeout: LIBRARY_MARGIN * timeoutMs,
        associationTimeout: LIBRARY_MARGIN * timeoutMs,
        pduTimeout: LIBRARY_MARGIN * timeoutMs,
        ...(tls && { securityOptions: { ...tls, rejectUnauthorized: false } }),
      });
      if (client.network !== undefined) socket = guard(client.network, end);
      // The library says what went wrong in a text of its own, without the code.
      socket?.prependListener('error', (error) => (found ??= failure(error)));
    } catch (error) {
      end(failure(error));
    }
  });
}

/** Keeps the library within what the peer takes, and the peer within what an answer may be. */
function guard(network: LibraryNetwork, end: (outcome: EchoOutcome) => void): Socket {
  const { socket } = network;
  network._sendPDataTF = (command, contextId, peerMaxLength) => {
    if (!isPeerLength(peerMaxLength)) return end(NO_ROOM);
    const bytes = command.getCommandDataset().getDenaturalizedCommandDataset();
    socket.write(encodeCommandPdus(contextId, bytes, peerMaxLength));
  };
  let received = 0;
  socket.prependListener('data', (bytes: Buffer) => {
    received += bytes.length;
    if (received > MAX_ANSWER_BYTES) end(NO_DICOM);
  });
  return socket;
}

const NO_ROOM: EchoOutcome = {
  outcome: 'failed',
  code: '',
  text: 'the other side announces a maximum length that leaves no room for a message',
};
const NO_DICOM: EchoOutcome = { outcome: 'failed', code: '', text: 'the other side does not speak DICOM' };

/** What a peer that ends a connection at once leaves, depending on what was on its way at that moment. */
const ENDED_BY_PEER = ['ECONNRESET', 'EPIPE'];

function failure(error: unknown): EchoOutcome {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (ENDED_BY_PEER.includes(code)) return { outcome: 'closed' };
  return { outcome: 'failed', code, text: message };
}
