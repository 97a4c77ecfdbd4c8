/**
 * Which addresses a callback may be sent to. A callback URL is chosen outside this system, so whatever it resolves to
 * must lie on the public internet: not on this host, not in its network, not at a cloud's metadata service.
 *
 * The rule is an allow-list turned inside out: IPv4 minus the special-purpose blocks, and for IPv6 only the one block
 * from which global unicast addresses are assigned (2000::/3) minus its special-purpose blocks.
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates), IANA IPv6 Address Space.
 *
 * `range()` of ipaddr.js is not enough on its own: it calls `::127.0.0.1` (IPv4-compatible), everything outside 2000::/3
 * that no RFC names, and 168.63.129.16 "unicast". Only its CIDR arithmetic is used here.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type ForbiddenReason =
  | 'not_an_address'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link_local'
  | 'multicast'
  | 'documentation'
  | 'benchmarking'
  | 'tunnel'
  | 'platform'
  | 'reserved';

/** `reason` is for operators' logs; a client sees `refused` and nothing else. */
export type AddressVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: ForbiddenReason };

export type ClassifyAddress = (ip: string) => AddressVerdict;

type Row = readonly [cidr: string, reason: ForbiddenReason];

const forbiddenIpv4: readonly Row[] = [
  ['0.0.0.0/8', 'unspecified'], // RFC 791; Linux connects 0.0.0.0 to this host
  ['10.0.0.0/8', 'private'], // RFC 1918
  ['100.64.0.0/10', 'shared'], // RFC 6598; Alibaba's metadata service (100.100.100.200) is in it
  ['127.0.0.0/8', 'loopback'], // RFC 1122
  ['168.63.129.16/32', 'platform'], // Azure's host agent: a public number that never leaves the host
  ['169.254.0.0/16', 'link_local'], // RFC 3927; most clouds' metadata services
  ['172.16.0.0/12', 'private'], // RFC 1918
  ['192.0.0.0/24', 'reserved'], // RFC 6890; Oracle's metadata service (192.0.0.192) is in it
  ['192.0.2.0/24', 'documentation'], // RFC 5737
  ['192.31.196.0/24', 'reserved'], // RFC 7535, AS112
  ['192.52.193.0/24', 'tunnel'], // RFC 7450, AMT
  ['192.88.99.0/24', 'tunnel'], // RFC 7526, 6to4 relays
  ['192.168.0.0/16', 'private'], // RFC 1918
  ['192.175.48.0/24', 'reserved'], // RFC 7534, AS112
  ['198.18.0.0/15', 'benchmarking'], // RFC 2544
  ['198.51.100.0/24', 'documentation'], // RFC 5737
  ['203.0.113.0/24', 'documentation'], // RFC 5737
  ['224.0.0.0/4', 'multicast'], // RFC 5771
  ['240.0.0.0/4', 'reserved'], // RFC 1112, limited broadcast included
];

const forbiddenIpv6: readonly Row[] = [
  ['::/128', 'unspecified'], // RFC 4291
  ['::1/128', 'loopback'], // RFC 4291
  ['::/96', 'tunnel'], // RFC 4291, IPv4-compatible
  ['::ffff:0:0:0/96', 'tunnel'], // RFC 7915, IPv4-translated
  ['64:ff9b:1::/48', 'tunnel'], // RFC 8215, local-use NAT64
  ['100::/64', 'reserved'], // RFC 6666, discard
  ['2001::/23', 'reserved'], // RFC 2928: Teredo, benchmarking, ORCHID, drone ids
  ['2001:db8::/32', 'documentation'], // RFC 3849
  ['2002::/16', 'tunnel'], // RFC 3056, 6to4; deprecated, so even a public IPv4 in it is refused
  ['2620:4f:8000::/48', 'reserved'], // RFC 7534, AS112
  ['3fff::/20', 'documentation'], // RFC 9637
  ['fc00::/7', 'private'], // RFC 4193; AWS' metadata service (fd00:ec2::254) is in it
  ['fe80::/10', 'link_local'], // RFC 4291
  ['fec0::/10', 'private'], // RFC 3879, deprecated site-local
  ['ff00::/8', 'multicast'], // RFC 4291
];

const ipv4Blocks = forbiddenIpv4.map(([cidr, reason]) => ({ cidr: ipaddr.IPv4.parseCIDR(cidr), reason }));
const ipv6Blocks = forbiddenIpv6.map(([cidr, reason]) => ({ cidr: ipaddr.IPv6.parseCIDR(cidr), reason }));
const ipv4Mapped = ipaddr.IPv6.parseCIDR('::ffff:0:0/96');
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * @param ip one address in the notation a resolver or the WHATWG URL parser prints (no brackets). Any other spelling,
 *   and any zone id, is `not_an_address`: this function never guesses what another parser would make of it
 */
export function classifyAddress(ip: string): AddressVerdict {
  const version = isIP(ip);
  if (version === 0 || ip.includes('%')) return { allowed: false, reason: 'not_an_address' };
  return version === 4 ? classifyIpv4(ipaddr.IPv4.parse(ip)) : classifyIpv6(parseIpv6(ip));
}

/**
 * By way of the WHATWG normal form, which has no dotted part: ipaddr.js reads `::8.8.8.8`, an IPv4-compatible address, as
 * `::ffff:8.8.8.8`, an IPv4-mapped one.
 */
function parseIpv6(ip: string): ipaddr.IPv6 {
  return ipaddr.IPv6.parse(new URL(`http://[${ip}]/`).hostname.slice(1, -1));
}

function classifyIpv4(address: ipaddr.IPv4): AddressVerdict {
  const block = ipv4Blocks.find(({ cidr }) => address.match(cidr));
  return block === undefined ? { allowed: true } : { allowed: false, reason: block.reason };
}

function classifyIpv6(address: ipaddr.IPv6): AddressVerdict {
  // Both stand for an IPv4 address. The NAT64 prefix must stay usable: on an IPv6-only network with DNS64 (RFC 6147)
  // it is how every IPv4-only receiver resolves.
  if (address.match(ipv4Mapped) || address.match(nat64)) return classifyIpv4(embeddedIpv4(address));
  const block = ipv6Blocks.find(({ cidr }) => address.match(cidr));
  if (block !== undefined) return { allowed: false, reason: block.reason };
  if (!address.match(globalUnicast)) return { allowed: false, reason: 'reserved' };
  if (isIsatap(address)) return { allowed: false, reason: 'tunnel' };
  return { allowed: true };
}

function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** ISATAP (RFC 5214, section 6.1): any prefix, then an interface id that carries an IPv4 address, often a private one. */
function isIsatap(address: ipaddr.IPv6): boolean {
  const [, , , , flags, marker] = address.parts;
  return marker === 0x5efe && (flags === 0x0000 || flags === 0x0200);
}
