/** Every page has an address: `#/verifications/ver_…`, `#/clients?…`. Pure. */

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
  /** Filters, by name. */
  readonly query: Readonly<Record<string, string>>;
}

/** @param hash `location.hash`. What is no address of a page leads to the overview. */
export function parseRoute(hash: string): Route {
  // Addresses of an earlier version named a verification alone.
  const [, old] = /^#(ver_[0-9a-z]{26})$/.exec(hash) ?? [];
  if (old !== undefined) return { page: 'verifications', id: old, query: {} };
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name = '', id = ''] = path.split('/');
  const page = pages.find((each) => each === name) ?? 'overview';
  return {
    page,
    id: id === '' ? null : decode(id),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function hrefOf(page: Page, id?: string | null, query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ''}${search === '' ? '' : `?${search}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
