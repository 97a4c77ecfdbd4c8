/** Two ways from a host name to its addresses. Both give all of them: the guard must see each one. */
import type { LookupAddress } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';

/** Rejects when the name has no address. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

/** The system's resolver, hosts file included: what development on `localhost` needs. */
export const resolveWithSystem: ResolveHost = (hostname) => lookup(hostname, { all: true });

export interface DnsOptions {
  /** For the first try; the second one waits longer. */
  readonly timeoutMs: number;
  /** `address` or `address:port`, instead of the system's name servers. */
  readonly servers?: readonly string[];
}

/**
 * Plain DNS queries, for public names. Not `lookup`: that one runs in libuv's pool of four threads, where four look-ups at
 * one client's silent name server would stop the look-ups of everybody else; and it completes names with the
 * network's search domains, which a public name never needs.
 *
 * IPv4 comes first, since many containers have an IPv6 address but no IPv6 route.
 */
export function createDnsResolve({ timeoutMs, servers }: DnsOptions): ResolveHost {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const addresses = [...toAddresses(ipv4, 4), ...toAddresses(ipv6, 6)];
    if (addresses.length > 0) return addresses;
    const cause = ipv4.status === 'rejected' ? ipv4.reason : undefined;
    throw Object.assign(new Error('The host has no address', { cause }), {
      code: 'ENOTFOUND',
    });
  };
}

function toAddresses(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}
