import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';

/** What an operator did. No subject, and no text of a request: the log has the reason of a pause. */
export interface OperatorActivity {
  readonly operator: string;
  /** `pause_lane`, `redeliver` … */
  readonly action: string;
  /** The id it was done to: a verification, a client, an endpoint, an operator; null for the lane as a whole. */
  readonly target: string | null;
  /** What came of it. */
  readonly result: string;
}

export interface NotedActivity extends OperatorActivity {
  /** Where the next, older page begins. */
  readonly id: string;
  /** ms epoch, by Redis' clock */
  readonly at: number;
}

/** Months of a team's actions; some 200 bytes each. */
export const ACTIVITY_KEPT = 2_000;

/** Appends one line. The oldest go when there are more than {@link ACTIVITY_KEPT}. */
export async function noteActivity(
  redis: Redis,
  keys: StoreKeys,
  { operator, action, target, result }: OperatorActivity,
): Promise<void> {
  const fields = ['operator', operator, 'action', action, 'target', target ?? '', 'result', result];
  await redis.xadd(keys.operatorActivity(), 'MAXLEN', ACTIVITY_KEPT, '*', ...fields);
}

/**
 * The latest first.
 *
 * @param before the `id` of the last line that was seen
 */
export async function listActivity(
  redis: Redis,
  keys: StoreKeys,
  { limit, before }: { readonly limit: number; readonly before: string | undefined },
): Promise<readonly NotedActivity[]> {
  const from = before === undefined ? '+' : `(${before}`;
  const entries = await redis.xrevrange(keys.operatorActivity(), from, '-', 'COUNT', limit);
  return entries.map(([id, fields]) => {
    const values = readValues(fields);
    return {
      id,
      at: Number(id.split('-')[0]),
      operator: values.get('operator') ?? '',
      action: values.get('action') ?? '',
      target: values.get('target') || null,
      result: values.get('result') ?? '',
    };
  });
}

/** Names stand at the even places: a value may be equal to one. */
function readValues(fields: readonly string[]): ReadonlyMap<string, string> {
  return new Map(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : [])));
}
