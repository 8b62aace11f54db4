import type { TlsOptions } from 'node:tls';
import type { Node } from 'node-red';

/** The part of a core `tls-config` node that a listener needs. */
interface TlsConfigNode extends Node {
  valid: boolean;
  addTLSOptions(options: TlsOptions): TlsOptions;
}

/**
 * Listener options from a core `tls-config` node; undefined when it is missing or not usable, and then the caller must
 * not listen: falling back to clear text is not an option.
 */
export function tlsOptions(
  configNode: Node | undefined,
  requireClientCertificate: boolean,
): TlsOptions | undefined {
  const tls = configNode as TlsConfigNode | undefined;
  if (tls?.valid !== true) return undefined;
  const { key, cert, ca, pfx, passphrase } = tls.addTLSOptions({});
  if (pfx === undefined && (key === undefined || cert === undefined)) return undefined;
  const material = Object.fromEntries(
    Object.entries({ key, cert, ca, pfx, passphrase }).filter(([, value]) => value !== undefined),
  );
  return { ...material, requestCert: requireClientCertificate, rejectUnauthorized: requireClientCertificate };
}
