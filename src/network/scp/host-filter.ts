import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../upper-layer';

/** Bits before the IPv4 address in its IPv6 form (RFC 4291 2.5.5.2). */
const WRAPPING_BITS = 96;

/** Says whether a peer's address may connect. */
export type HostFilter = (remoteAddress: string) => boolean;

/**
 * A filter from IP addresses and CIDR ranges, v4 and v6; an empty list lets everybody in.
 * The entries are checked settings (`checkHostList`): a wrong one throws.
 */
export function hostFilter(ranges: readonly string[]): HostFilter {
  if (ranges.length === 0) return () => true;
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const plain = plainAddress(address);
    const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(plain, family);
    // Of an IPv4 range in IPv6 form, the prefix counts the wrapping, too.
    else if (plain === address) list.addSubnet(plain, Number(prefix), family);
    else if (Number(prefix) >= WRAPPING_BITS) list.addSubnet(plain, Number(prefix) - WRAPPING_BITS, family);
    else list.addSubnet(address, Number(prefix), 'ipv6');
  }
  return (remoteAddress) => {
    const plain = plainAddress(remoteAddress);
    return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  };
}
