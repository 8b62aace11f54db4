import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { plainAddress, type RemoteEnd } from '../upper-layer';

/**
 * What the first bytes of a connection from a proxy are by the PROXY protocol, versions 1 and 2 (HAProxy's
 * proxy-protocol.txt, 2.1 and 2.2). `length`: bytes of the header.
 */
export type ProxyHeader =
  | { kind: 'incomplete' }
  | { kind: 'invalid'; text: string }
  /** The proxy connects for itself (command LOCAL). */
  | { kind: 'local'; length: number }
  /** The proxy connects for another. */
  | { kind: 'proxied'; length: number; source: RemoteEnd };

/** The header of who connects for itself. */
export const LOCAL_PROXY_HEADER = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

/** The longest header that is taken: addresses have 36 bytes at most, and what proxies add to version 2 a few hundred. */
export const MAX_PROXY_HEADER = 4_096;

const V1_START = Buffer.from('PROXY ', 'latin1');
/** "The maximum line length", CRLF included. */
const V1_LONGEST = 107;
const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V2_FIXED = 16;
const [LOCAL, PROXY] = [0x20, 0x21];
/** Of the addresses of each family over TCP: bytes of one address. */
const V2_FAMILIES = new Map([
  [0x11, 4],
  [0x21, 16],
]);

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };
const invalid = (text: string): ProxyHeader => ({ kind: 'invalid', text });

/**
 * Reads a header from the first bytes of a connection; what follows it is not looked at. Time is bounded, whatever the bytes
 * are: a first byte that no header has is enough to see that there is none.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return INCOMPLETE;
  if (startsAs(bytes, V2_SIGNATURE)) return bytes.length < V2_FIXED ? INCOMPLETE : readV2(bytes);
  if (startsAs(bytes, V1_START)) return readV1(bytes);
  return invalid(
    'the connection does not begin with one, as it must from an address in Trusted proxies; in HAProxy, add send-proxy-v2 to the server',
  );
}

/** As far as there are bytes. */
function startsAs(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.compare(expected, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 source destination source-port destination-port CRLF`, with single spaces. */
function readV1(bytes: Buffer): ProxyHeader {
  const text = bytes.toString('latin1', 0, V1_LONGEST);
  const end = text.indexOf('\r\n');
  if (end < 0) return bytes.length < V1_LONGEST ? INCOMPLETE : invalid('the line of version 1 has no end');
  const [, family = '', source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = text
    .slice(0, end)
    .split(' ');
  if (family === 'UNKNOWN') return invalid('it does not say who the caller is (UNKNOWN)');
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isUnzonedIPv6 : undefined;
  if (isAddress === undefined) return invalid('its protocol is neither TCP4 nor TCP6');
  const isRight =
    isAddress(source) && isAddress(destination) && isPort(sourcePort) && isPort(destinationPort);
  if (!isRight || more.length > 0) return invalid('its addresses or ports are none');
  return {
    kind: 'proxied',
    length: end + 2,
    source: { remoteAddress: canonical(source), remotePort: Number(sourcePort) },
  };
}

const isUnzonedIPv6 = (text: string): boolean => isIPv6(text) && !text.includes('%');
const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

/** Signature, version and command, family and protocol, length, addresses, and more that is skipped. */
function readV2(bytes: Buffer): ProxyHeader {
  const command = bytes.readUInt8(12);
  const length = V2_FIXED + bytes.readUInt16BE(14);
  if (command !== LOCAL && command !== PROXY) return invalid('its version or command is unknown');
  if (length > MAX_PROXY_HEADER) return invalid(`it has ${length} bytes, more than ${MAX_PROXY_HEADER}`);
  const addressBytes = V2_FAMILIES.get(bytes.readUInt8(13));
  if (command === PROXY) {
    if (addressBytes === undefined) return invalid('it does not say who the caller is (no TCP over IP)');
    if (length < V2_FIXED + 2 * addressBytes + 4) return invalid('it is too short for its addresses');
  }
  if (bytes.length < length) return INCOMPLETE;
  if (command === LOCAL || addressBytes === undefined) return { kind: 'local', length };
  const remoteAddress = addressText(bytes.subarray(V2_FIXED, V2_FIXED + addressBytes));
  const remotePort = bytes.readUInt16BE(V2_FIXED + 2 * addressBytes);
  return { kind: 'proxied', length, source: { remoteAddress, remotePort } };
}

/** As Node has the addresses of sockets: IPv6 in its short form. */
function canonical(address: string): string {
  if (isIPv4(address)) return address;
  return plainAddress(new SocketAddress({ address, family: 'ipv6' }).address);
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return canonical(groups.join(':'));
}

/** Collects what comes, in pieces of any length, until it is a header or none. */
export class ProxyHeaderReader {
  private kept: Buffer | undefined;
  private length = 0;

  /**
   * @param bytes valid during the call only
   * @returns undefined: more is needed. `rest` is what the last bytes have beyond the header, and part of them.
   */
  push(bytes: Buffer): { header: ProxyHeader; rest: Buffer } | undefined {
    const before = this.length;
    const header = readProxyHeader(before === 0 ? bytes : this.keep(bytes));
    if (header.kind === 'incomplete') {
      if (before === 0) this.keep(bytes);
      return undefined;
    }
    const end = header.kind === 'invalid' ? bytes.length : header.length - before;
    return { header, rest: bytes.subarray(end) };
  }

  /** An incomplete header is shorter than the longest. */
  private keep(bytes: Buffer): Buffer {
    this.kept ??= Buffer.allocUnsafe(MAX_PROXY_HEADER);
    this.length += bytes.copy(this.kept, this.length);
    return this.kept.subarray(0, this.length);
  }
}
