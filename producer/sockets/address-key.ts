import { BlockList, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What counts as one address: an IPv4 address, also one written as IPv6; of IPv6 the first 64 bits, because a single host
 * is given that many (RFC 6177).
 */
export function addressKey(remoteAddress: string): string {
  const address = ipaddr.process(remoteAddress);
  if (address.kind() === 'ipv4') return address.toString();
  return `${address.toByteArray().slice(0, 8).join('.')}/64`;
}

/** @param ranges addresses and CIDR ranges, as the settings checked them */
export function createAddressTest(ranges: readonly string[]): (remoteAddress: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address, bits] = ipaddr.parseCIDR(range.includes('/') ? range : hostRange(range));
    list.addSubnet(address.toString(), bits, address.kind());
  }
  return (remoteAddress) => {
    const address = ipaddr.process(remoteAddress);
    return list.check(address.toString(), address.kind());
  };
}

function hostRange(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}
