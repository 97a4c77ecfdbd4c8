import type { CallOptions, ListOptions } from './call-options.ts';
import type { ApiRequest } from './request.ts';

/** The server's most. */
const PAGE_MAX = 100;

/** Of a list by the time of submission. */
type Span = CallOptions & Pick<ListOptions, 'submittedFrom' | 'submittedBefore' | 'limit'>;

/** What every page of a list has. */
interface Page<Entry> {
  readonly data: readonly Entry[];
  readonly nextCursor: string | null;
}

/**
 * Reads a list page by page, each when it is needed.
 *
 * @param read resolves with the body of the answer
 * @throws {RangeError} for a Date that is not one
 */
export async function* readPages<Entry>(
  read: (request: ApiRequest) => Promise<Page<Entry>>,
  request: Pick<ApiRequest, 'doing' | 'path'>,
  filters: Readonly<Record<string, string | undefined>>,
  { submittedFrom, submittedBefore, limit = Number.POSITIVE_INFINITY, signal }: Span,
): AsyncGenerator<Entry, void> {
  const span = { submittedFrom: instant(submittedFrom), submittedBefore: instant(submittedBefore) };
  let cursor: string | null | undefined;
  for (let left = limit; left > 0 && cursor !== null; ) {
    const query = { ...filters, ...span, limit: Math.min(left, PAGE_MAX), cursor };
    const page = await read({ ...request, method: 'GET', query, signal });
    yield* page.data;
    left -= page.data.length;
    cursor = page.nextCursor;
  }
}

const instant = (time: Date | string | undefined): string | undefined =>
  time instanceof Date ? time.toISOString() : time;
