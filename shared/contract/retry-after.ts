/** The Retry-After header (RFC 9110, section 10.2.3): seconds, or an HTTP date in one of its three forms (section 5.6.7). */

const seconds = /^\d{1,10}$/;
const imfFixdate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const rfc850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const asctime = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * @param header the header's value, or all of them where it was sent more than once
 * @returns how long to wait, in ms from `now`, never negative; the longest wait of several, since an earlier request would
 *   disregard one of them; null when the header is absent or unreadable
 */
export function parseRetryAfter(header: string | readonly string[] | null, now: number): number | null {
  const values = typeof header === 'string' ? [header] : (header ?? []);
  const waits = values.map((value) => parseOne(value.trim(), now)).filter((wait) => wait !== null);
  return waits.length === 0 ? null : Math.max(...waits);
}

function parseOne(value: string, now: number): number | null {
  if (seconds.test(value)) return Number(value) * 1000;
  const at = parseHttpDate(value);
  return at === null ? null : Math.max(0, at - now);
}

function parseHttpDate(value: string): number | null {
  if (imfFixdate.test(value) || rfc850.test(value)) return finite(Date.parse(value));
  // asctime names no zone and Date.parse would take the local one.
  if (asctime.test(value)) return finite(Date.parse(`${value} GMT`));
  return null;
}

function finite(at: number): number | null {
  return Number.isFinite(at) ? at : null;
}
