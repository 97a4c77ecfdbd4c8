import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser sent this from a page of ours. `SameSite=Strict` keeps the cookie from other sites already; a page on
 * another port or subdomain of this host is the same site, and is refused here.
 *
 * `Sec-Fetch-Site` cannot be set by a page; browsers leave it out on plain http, where `Origin` has to do.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
