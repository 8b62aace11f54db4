import type { TlsOptions } from 'node:tls';
import type { Node } from 'node-red';
import { tlsProblem } from '../../../src/network';

/** The part of a core `tls-config` node that nodes of this family need. */
export interface TlsConfigNode extends Node {
  valid: boolean;
  addTLSOptions(options: TlsOptions): TlsOptions;
}

/** Options for a TLS listener, or why there are none; then nothing may listen, because clear text is not an alternative. */
export type TlsChoice = { options: TlsOptions } | { problem: string };

/**
 * Listener options from a core `tls-config` node: PEM, or P12 where that Node-RED has it (5.0).
 * @param configNode null where Node-RED has none of the id
 */
export function tlsOptions(
  configNode: Node | null | undefined,
  requireClientCertificate: boolean,
): TlsChoice {
  const tls = configNode as TlsConfigNode | null | undefined;
  if (tls == null) return { problem: 'the TLS configuration does not exist' };
  if (!tls.valid) return { problem: 'the TLS configuration is not valid' };
  const { key, cert, ca, pfx, passphrase } = tls.addTLSOptions({});
  if (pfx === undefined && (key === undefined || cert === undefined)) {
    return { problem: 'the TLS configuration has no certificate and private key' };
  }
  const material = Object.fromEntries(
    Object.entries({ key, cert, ca, pfx, passphrase }).filter(([, value]) => value !== undefined),
  );
  const options = {
    ...material,
    requestCert: requireClientCertificate,
    rejectUnauthorized: requireClientCertificate,
  };
  // Tried here: in the worker it would fail at every start.
  const problem = tlsProblem(options);
  return problem === undefined ? { options } : { problem };
}
