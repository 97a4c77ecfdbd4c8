/** Every page has an address: `#/verifications/ver_…`, `#/clients/cli_…/deliveries?…`. Pure. */

export const pages = [
  'overview',
  'verifications',
  'deliveries',
  'clients',
  'usage',
  'operators',
  'activity',
] as const;
export type Page = (typeof pages)[number];

export interface Route {
  readonly page: Page;
  /** A verification or a client that is looked at. */
  readonly id: string | null;
  /** What of it is looked at on a page of its own; null: itself. */
  readonly part: string | null;
  /** Filters, by name. */
  readonly query: Readonly<Record<string, string>>;
}

/** @param hash `location.hash`. What is no address of a page leads to the overview. */
export function parseRoute(hash: string): Route {
  // Addresses of an earlier version named a verification alone.
  const [, old] = /^#(ver_[0-9a-z]{26})$/.exec(hash) ?? [];
  if (old !== undefined) return { page: 'verifications', id: old, part: null, query: {} };
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name = '', id = '', part = ''] = path.split('/');
  const page = pages.find((each) => each === name) ?? 'overview';
  return {
    page,
    id: id === '' ? null : decode(id),
    part: part === '' ? null : part,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** @param part of what has the id */
export function hrefOf(
  page: Page,
  id?: string | null,
  query: Readonly<Record<string, string>> = {},
  part?: string,
): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  const steps = [page, ...(id ? [encodeURIComponent(id)] : []), ...(id && part ? [part] : [])];
  return `#/${steps.join('/')}${search === '' ? '' : `?${search}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
