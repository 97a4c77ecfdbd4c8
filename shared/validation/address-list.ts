import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Range = readonly [ipaddr.IPv4, number] | readonly [ipaddr.IPv6, number];

/** How many leading bits of an IPv4-mapped IPv6 address, `::ffff:0:0/96`, say that it is one. */
const MAPPED_BITS = 96;

/**
 * Whether a text is an IP address or a CIDR range, as an address list takes them. Spellings that programs read in different
 * ways (`10.1`, `010.0.0.1`, a zone) are refused: a list that lets in another network than its author meant is worse than none.
 */
export function isAddressRange(text: string): boolean {
  return readRange(text) !== null;
}

/**
 * Whether an address is in one of the ranges. IPv4 and IPv4-mapped IPv6 are the same address, as a socket that listens on
 * both families reports either.
 *
 * @param address as a socket or a trusted proxy reports it; anything that is no address is in no range
 * @param ranges texts that {@link isAddressRange} takes; others hold nothing
 */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const own = ipaddr.process(address);
  return ranges.some((text) => {
    const range = readRange(text);
    return range !== null && contains(range, own);
  });
}

/**
 * Whether a range lies within one of others: a key that is limited to addresses makes none for more of them.
 *
 * @param text an address or a range that {@link isAddressRange} takes; another lies nowhere
 */
export function isWithinRanges(text: string, ranges: readonly string[]): boolean {
  const inner = readRange(text);
  if (inner === null) return false;
  const [network, bits] = inner;
  return ranges.some((each) => {
    const outer = readRange(each);
    return outer !== null && bits >= outer[1] && contains(outer, network);
  });
}

function contains([network, bits]: Range, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (network instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(network, bits);
  return address instanceof ipaddr.IPv6 && address.match(network, bits);
}

function readRange(text: string): Range | null {
  const [address = '', suffix, ...rest] = text.split('/');
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return null;
  const network = ipaddr.parse(address);
  const most = network instanceof ipaddr.IPv4 ? 32 : 128;
  const bits = suffix === undefined ? most : readBits(suffix, most);
  if (bits === null) return null;
  if (network instanceof ipaddr.IPv4) return [network, bits];
  const isMapped = network.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? [network.toIPv4Address(), bits - MAPPED_BITS] : [network, bits];
}

function readBits(text: string, most: number): number | null {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= most ? Number(text) : null;
}
