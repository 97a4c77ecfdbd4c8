import type { RedeliveryProgress, RedeliveryRange } from '../shared/contract/redelivery-range.ts';
import type { CallOptions } from './call-options.ts';
import type { ApiRequest } from './request.ts';

/** @param send resolves with the body of the answer */
export async function* redeliverRange(
  send: (request: ApiRequest) => Promise<unknown>,
  range: RedeliveryRange,
  { signal }: CallOptions,
): AsyncGenerator<RedeliveryProgress, void> {
  let cursor = range.cursor ?? null;
  do {
    const body = JSON.stringify({ ...range, ...(cursor === null ? {} : { cursor }) });
    const headers = { 'content-type': 'application/json' };
    const request = { doing: 'redeliver events', method: 'POST', path: 'v1/redeliveries', headers } as const;
    const progress = (await send({ ...request, body, signal })) as RedeliveryProgress;
    yield progress;
    cursor = progress.nextCursor;
  } while (cursor !== null);
}
