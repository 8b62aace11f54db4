import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';
import { splitList } from './values';

const IPV4_OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^${IPV4_OCTET}(?:\\.${IPV4_OCTET}){3}$`);

/** 4 or 6 for an IP address, 0 for anything else (as `net.isIP`, but for the browser too). */
export function ipVersion(text: string): 0 | 4 | 6 {
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
