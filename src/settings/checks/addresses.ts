import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';
import { splitList } from './values';

/** Without a zero in front, which some take for octal and `net` for a mistake. */
const IPV4_OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${IPV4_OCTET}(?:\\.${IPV4_OCTET}){3}$`);

/** 4 or 6 for an IP address, 0 for anything else (as `net.isIP`, but for the browser too). */
function ipVersion(text: string): 0 | 4 | 6 {
  if (IPV4.test(text)) return 4;
  return isIpv6(text) ? 6 : 0;
}

/** An interface to bind: an IP address or `localhost`; empty means all. */
export function checkBindAddress(value: string): Finding<'notAnAddress'>[] {
  const text = value.trim();
  if (text === '' || text === 'localhost' || ipVersion(text) !== 0) return [];
  return [finding('notAnAddress', { value: text })];
}

/** Letters, digits, hyphens and underscores in labels: what a resolver takes (RFC 1123 2.1, and what is found in hospitals). */
const HOST_NAME = /^[\p{L}\p{N}_.-]{1,253}$/u;

/** Another machine: an IP address or a host name. Empty passes: that one is needed is for `checkTogether` to say. */
export function checkRemoteHost(value: string): Finding<'notAHost' | 'variableNotReplaced'>[] {
  const text = value.trim();
  const notReplaced = checkReplaced(text);
  if (notReplaced.some(({ severity }) => severity === 'error')) return notReplaced;
  if (text === '' || ipVersion(text) !== 0 || HOST_NAME.test(text)) return notReplaced;
  return [finding('notAHost', { value: text })];
}

/** A comma list of IP addresses and CIDR ranges, v4 and v6; empty means any host. */
export function checkHostList(value: string): Finding<'notAHostRange'>[] {
  return splitList(value)
    .filter((token) => !isHostRange(token))
    .map((token) => finding('notAHostRange', { token }));
}

/** The same, of proxies that are believed: a list that has everybody in it would let anybody say who he is. */
export function checkProxyList(value: string): Finding<'notAHostRange' | 'coversEverything'>[] {
  const wrong = checkHostList(value);
  if (wrong.length > 0 || !coversEverything(splitList(value).map(addressRange))) return wrong;
  return [finding('coversEverything')];
}

/** First and last address as numbers; IPv4 addresses have their place in IPv6 (RFC 4291 2.5.5.2). */
type AddressRange = [first: bigint, last: bigint];

const ALL_ADDRESSES: AddressRange = [0n, (1n << 128n) - 1n];
const ALL_IPV4: AddressRange = [0xffffn << 32n, (0xffffn << 32n) + 0xffff_ffffn];

/** True when the ranges together have all addresses of one kind in them. */
function coversEverything(ranges: AddressRange[]): boolean {
  const ordered = [...ranges].sort(([one], [other]) => (one < other ? -1 : 1));
  return [ALL_ADDRESSES, ALL_IPV4].some(([first, last]) => {
    let next = first;
    for (const range of ordered) if (range[0] <= next && range[1] >= next) next = range[1] + 1n;
    return next > last;
  });
}

function addressRange(token: string): AddressRange {
  const [address = '', prefix] = token.split('/');
  const isV4 = ipVersion(address) === 4;
  const number = isV4 ? ALL_IPV4[0] + ipv4Number(address) : ipv6Number(address);
  const width = isV4 ? 32 : 128;
  const hostBits = BigInt(width - Number(prefix ?? width));
  const first = (number >> hostBits) << hostBits;
  return [first, first + (1n << hostBits) - 1n];
}

function ipv4Number(address: string): bigint {
  return address.split('.').reduce((number, octet) => (number << 8n) + BigInt(octet), 0n);
}

function ipv6Number(address: string): bigint {
  // The URL parser gives the short form, with an IPv4 address at its end as two groups.
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [before = '', after] = short.split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const end = after === undefined ? [] : groups(after);
  const start = groups(before);
  const zeros = Array.from({ length: 8 - start.length - end.length }, () => '0');
  return [...start, ...zeros, ...end].reduce((number, group) => (number << 16n) + BigInt(`0x${group}`), 0n);
}

function isIpv6(text: string): boolean {
  // The URL parser, present in browsers and in Node, knows IPv6 by the letter; node:net is not there in the editor.
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':')) return false;
  try {
    new URL(`http://[${text}]/`);
    return true;
  } catch {
    return false;
  }
}

function isHostRange(token: string): boolean {
  const [address = '', prefix, ...rest] = token.split('/');
  const version = ipVersion(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}
