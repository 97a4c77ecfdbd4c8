import type { Mistake } from '../shared/config/environment.ts';
import { isLoopback } from '../shared/config/shapes.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Proxies of the environment, which this worker does not use: it connects to the upstream itself. Ignored without a word,
 * one that is the only way out would look like an upstream that is down, and one that must see all traffic would not.
 *
 * Rejected for now: to go through it. A tunnel adds a hop between the slot and the last byte, and what that does to the
 * pace has not been measured.
 *
 * @returns what to report when a proxy is asked for and `NO_PROXY` does not leave the upstream out
 */
export function validateProxyVariables(environment: Environment, defaultEndpoint: string): Mistake[] {
  const endpoint = environment['FACEID_ENDPOINT'] || defaultEndpoint;
  if (!URL.canParse(endpoint)) return [];
  const { protocol, hostname } = new URL(endpoint);
  if (isLoopback(hostname)) return [];
  const names = protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] : [];
  const set = names.filter((name) => (environment[name] ?? '') !== '');
  if (isLeftOut(hostname, environment['NO_PROXY'] || environment['no_proxy'] || '')) return [];
  return set.map((variable) => ({
    variable,
    reason: `must be unset, or NO_PROXY must name ${hostname}: a worker connects to the upstream itself and uses no proxy`,
  }));
}

/** `*`, a host, or a domain with or without a dot before it; a port is not looked at. */
function isLeftOut(hostname: string, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .map((entry) =>
      entry
        .toLowerCase()
        .replace(/:\d+$/, '')
        .replace(/^\*?\./, ''),
    )
    .some(
      (entry) => entry === '*' || (entry !== '' && (hostname === entry || hostname.endsWith(`.${entry}`))),
    );
}
