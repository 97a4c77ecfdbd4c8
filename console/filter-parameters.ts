/** The page size of every filtered list. */
const LIMIT = '25';

/**
 * The filters of an address as the server takes them. Their times are local to the browser in the address, instants to the server;
 * one that is no time is left out. Pure.
 *
 * @param names those that are texts
 * @param times those that are times
 */
export function toParameters(
  query: Readonly<Record<string, string>>,
  { names, times }: { readonly names: readonly string[]; readonly times: readonly string[] },
): URLSearchParams {
  const parameters = new URLSearchParams({ limit: LIMIT });
  for (const name of names) if (query[name]) parameters.set(name, query[name]);
  for (const name of times) {
    const at = Date.parse(query[name] ?? '');
    if (!Number.isNaN(at)) parameters.set(name, new Date(at).toISOString());
  }
  return parameters;
}
