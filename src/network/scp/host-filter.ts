import { BlockList, isIP } from 'node:net';

/** Says whether a peer's address may connect. */
export type HostFilter = (remoteAddress: string) => boolean;

/** An IPv4 address in IPv6 form, as a dual-stack socket reports it. */
const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as an operator writes it: IPv4 without the IPv6 wrapping, no zone. */
export function plainAddress(address: string): string {
  const unzoned = address.split('%', 1)[0] ?? '';
  return V4_MAPPED.exec(unzoned)?.[1] ?? unzoned;
}

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
