import type { Socket } from 'node:net';
import { createSecureContext, type TLSSocket, type TlsOptions } from 'node:tls';
import { asError } from '../../basics';

/**
 * The BCP 195 TLS Profile (PS3.15 B.12, RFC 9325 4.2): TLS 1.2 or newer, no fall-back, suites with forward secrecy and
 * authenticated encryption only.
 */
const MIN_VERSION = 'TLSv1.2';
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Key material with the profile's rules, which it cannot change. */
export function withTlsProfile(material: TlsOptions): TlsOptions {
  return {
    ...material,
    // Without a list of authorities, Node would let in whoever has a certificate of any public CA. A P12 brings its chain.
    ...(material.requestCert === true && { ca: material.ca ?? [] }),
    minVersion: MIN_VERSION,
    ciphers: CIPHERS,
    honorCipherOrder: true,
  };
}

/** What is wrong with key material, by OpenSSL's code, or by its words where it gives none. */
const MATERIAL: Readonly<Record<string, string>> = {
  ERR_OSSL_BAD_DECRYPT: 'the passphrase of the private key is missing or wrong',
  'mac verify failure': 'the passphrase of the P12 is missing or wrong',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the private key is not that of the certificate',
  ERR_OSSL_PEM_NO_START_LINE: 'the certificate is not in PEM form',
  ERR_OSSL_UNSUPPORTED: 'the private key or the P12 is in a form that cannot be read',
};

/** Why a connection cannot be secured with this: bad key, wrong passphrase, and so on. Undefined when it can. */
export function tlsProblem(material: TlsOptions): string | undefined {
  try {
    createSecureContext(withTlsProfile(material));
  } catch (error) {
    const { code = '', message } = asError(error) as NodeJS.ErrnoException;
    const words = MATERIAL[code] ?? MATERIAL[message] ?? message;
    // Of what is no P12, OpenSSL tells as of any other structure.
    return words === message && material.pfx !== undefined ? `the P12 cannot be read: ${message}` : words;
  }
  if (material.requestCert === true && material.ca === undefined && material.pfx === undefined) {
    return 'client certificates are asked for, but there is no CA certificate to check them with';
  }
  return undefined;
}

/** Characters of a subject that go with each object: a certificate may have a hundred kilobytes. */
const MAX_SUBJECT = 1_024;

/** What a caller's certificate says about it; authorized only where a certificate was asked for and is good. */
export function tlsFacts(socket: TLSSocket): { authorized: boolean; subject: string } {
  const { subject } = socket.getPeerCertificate();
  const names = Object.entries(subject ?? {}).map(([name, value]) => `${name}=${[value].flat().join('+')}`);
  return { authorized: socket.authorized, subject: names.join(', ').slice(0, MAX_SUBJECT) };
}

/**
 * The TCP connection of a TLS socket. Where Node refuses a certificate it has destroyed the TLS socket before it tells of
 * it, which then knows its peer no more; the connection still does. Node has had this field since TLS sockets exist.
 */
export function connectionBelow(socket: TLSSocket): Socket {
  return (socket as { _parent?: Socket })._parent ?? socket;
}

/** What an operator can do about the failures that are seen most; other errors speak for themselves. */
const SENTENCES: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the peer does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'the peer speaks HTTP, not TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the peer offers no TLS version of 1.2 or newer',
  ERR_SSL_NO_SHARED_CIPHER: 'the peer offers no cipher suite of BCP 195',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the peer has no certificate',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the handshake took too long',
  CERT_HAS_EXPIRED: "the peer's certificate has expired",
  CERT_NOT_YET_VALID: "the peer's certificate is not valid yet",
  CERT_REVOKED: "the peer's certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the peer's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the peer's certificate is not from the CA that is configured",
  UNABLE_TO_GET_ISSUER_CERT: "the peer's certificate is not from the CA that is configured",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the peer's certificate is not from the CA that is configured",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the peer's certificate is not from the CA that is configured",
  ERR_TLS_CERT_ALTNAME_INVALID: "the peer's certificate is for another name",
  INVALID_PURPOSE: "the peer's certificate is not for this use",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the peer wants a certificate of ours',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the peer refuses: no cipher suite in common, or it wants a certificate of ours',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the peer does not know the CA of our certificate',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the peer offers no TLS version of 1.2 or newer',
};

/** What is wrong on a connection that we secure; undefined: an error that TLS has nothing to do with. */
export function tlsFailure(error: Error): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  const words =
    SENTENCES[code] ?? (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') ? error.message : undefined);
  return words && `TLS handshake failed: ${words}`;
}

/** Why a handshake failed. A certificate that was refused closes the socket, and its reason is not in the error. */
export function handshakeFailure(error: Error, socket: TLSSocket): string {
  const refused = socket.authorizationError as Error | string | null | undefined;
  const code = refused == null ? (error as NodeJS.ErrnoException).code : String(refused);
  const words = (code !== undefined && SENTENCES[code]) || (refused == null ? error.message : code);
  return `TLS handshake failed: ${words}`;
}
