import type { TlsOptions } from 'node:tls';
import type { Node } from 'node-red';
import { type ScuTls, tlsProblem } from '../../../src/network';
import type { TlsConfigNode } from './tls-options';

/**
 * What a core `tls-config` node says for connections that we make: PEM, or P12 where that Node-RED has it (5.0).
 * @param configNode null where Node-RED has none of the id
 * @param serverName in the peer's certificate; '': as the `tls-config` node has it
 */
export function peerTls(
  configNode: Node | null | undefined,
  serverName: string,
): { options: ScuTls } | { problem: string } {
  const tls = configNode as TlsConfigNode | null | undefined;
  if (tls == null) return { problem: 'the TLS configuration does not exist' };
  if (!tls.valid) return { problem: 'the TLS configuration is not valid' };
  const { key, cert, ca, pfx, passphrase, servername, rejectUnauthorized } = tls.addTLSOptions(
    {},
  ) as TlsOptions & { servername?: string };
  const name = serverName === '' ? servername : serverName;
  const material = Object.fromEntries(
    Object.entries({ key, cert, ca, pfx, passphrase }).filter(
      ([, value]) => value !== undefined && value !== '',
    ),
  );
  // Tried here: each connection would fail by it, in OpenSSL's words.
  const problem = tlsProblem(material);
  if (problem !== undefined) return { problem: `the TLS configuration cannot be used: ${problem}` };
  const options = { ...material, ...(name && { serverName: name }) };
  return { options: { ...options, rejectUnauthorized: rejectUnauthorized !== false } };
}
