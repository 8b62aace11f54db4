import type { Socket } from 'node:net';

import * as dimse from 'dcmjs-dimse';

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
  declare network: { socket: Socket } | undefined;
}

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
      clearTimeout(deadline);
      socket?.destroy();
      resolve(found ?? otherwise);
    };
    const deadline = setTimeout(() => end({ outcome: 'timedOut', milliseconds: elapsed() }), timeoutMs);

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
        connectTimeout: timeoutMs,
        associationTimeout: timeoutMs,
        pduTimeout: timeoutMs,
        ...(tls && { securityOptions: { ...tls, rejectUnauthorized: false } }),
      });
      socket = client.network?.socket;
      // The library says what went wrong in a text of its own, without the code.
      socket?.prependListener('error', (error) => (found ??= failure(error)));
    } catch (error) {
      end(failure(error));
    }
  });
}

/** What a peer that ends a connection at once leaves, depending on what was on its way at that moment. */
const ENDED_BY_PEER = ['ECONNRESET', 'EPIPE'];

function failure(error: unknown): EchoOutcome {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (ENDED_BY_PEER.includes(code)) return { outcome: 'closed' };
  return { outcome: 'failed', code, text: message };
}
