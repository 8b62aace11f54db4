import { isIPv6 } from 'node:net';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A PROXY protocol header of version 1 of a caller. */
export function proxyV1(source: string, port = 40_000): Buffer {
  const family = isIPv6(source) ? 'TCP6' : 'TCP4';
  const destination = isIPv6(source) ? '::1' : '10.0.0.100';
  return Buffer.from(`PROXY ${family} ${source} ${destination} ${port} 104\r\n`, 'latin1');
}

/** One of version 2, byte by byte. @param length what it says of its length; undefined: the truth */
export function proxyV2Raw(command: number, family: number, body: Buffer, length = body.length): Buffer {
  const fixed = Buffer.from([command, family, length >> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, body]);
}

/** One of version 2 of a caller with an IPv4 address. @param more TLVs after the addresses */
export function proxyV2(source: string, port = 40_000, more = Buffer.alloc(0)): Buffer {
  const octets = [...source.split('.').map(Number), 10, 0, 0, 100];
  const ports = [port >> 8, port & 0xff, 0, 104];
  return proxyV2Raw(0x21, 0x11, Buffer.concat([Buffer.from([...octets, ...ports]), more]));
}

/** What HAProxy sends for its health checks. */
export const PROXY_LOCAL = proxyV2Raw(0x20, 0x00, Buffer.alloc(0));
