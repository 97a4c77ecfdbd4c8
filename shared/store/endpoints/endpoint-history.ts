import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';

/** The steps that the last week of an endpoint is shown in: 28 of six hours. */
export const ENDPOINT_STEP_HOURS = 6;
const ENDPOINT_STEPS = 28;

export interface EndpointHistory {
  /** Attempts to deliver, by steps of six hours, oldest first. The last step is still being counted. */
  readonly accepted: readonly number[];
  readonly failed: readonly number[];
  /** What the latest attempt came to; null when none was made within a week. */
  readonly latest: {
    readonly at: string;
    readonly status: number | null;
    readonly errorClass: string | null;
  } | null;
}

const latestJson = jsonText(
  z.object({ at: z.iso.datetime(), status: z.number().nullable(), errorClass: z.string().nullable() }),
);

/** @param endpoint `<client> <origin>` @param now ms epoch */
export async function readEndpointHistory(
  redis: Redis,
  keys: StoreKeys,
  endpoint: string,
  now: number,
): Promise<EndpointHistory> {
  const hash = await readOr(redis.hgetall(keys.endpointHistory(endpoint)), {} as Record<string, string>);
  const first = Math.floor(now / 3_600_000 / ENDPOINT_STEP_HOURS) - ENDPOINT_STEPS + 1;
  const counts = {
    accepted: Array<number>(ENDPOINT_STEPS).fill(0),
    failed: Array<number>(ENDPOINT_STEPS).fill(0),
  };
  for (const [field, text] of Object.entries(hash)) {
    const [, hour, result] = /^(\d{1,9})\|(accepted|failed)$/.exec(field) ?? [];
    if (result !== 'accepted' && result !== 'failed') continue;
    const step = Math.floor(Number(hour) / ENDPOINT_STEP_HOURS) - first;
    if (step >= 0 && step < ENDPOINT_STEPS)
      counts[result][step] = (counts[result][step] ?? 0) + (Number(text) || 0);
  }
  const latest = latestJson.safeParse(hash['latest']);
  return { ...counts, latest: latest.success ? latest.data : null };
}
