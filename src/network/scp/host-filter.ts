import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../upper-layer';

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
    else list.addSubnet(plain, Number(prefix), family);
  }
  return (remoteAddress) => {
    const plain = plainAddress(remoteAddress);
    return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  };
}
