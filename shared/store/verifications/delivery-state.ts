import type { Redis } from 'ioredis';
import { type DeliveryAttempt, deliveryAttempt } from '../../contract/delivery-log.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { DeliveryStatus } from '../../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { loadGatheredScript } from '../redis/gathered-script.ts';
import { loadScript } from '../redis/script.ts';

const recordDeliveryScript = loadGatheredScript(new URL('../scripts/record-delivery.lua', import.meta.url));

const logDeliveryScript = loadScript(new URL('../scripts/log-delivery.lua', import.meta.url));

export interface DeliveryProgress {
  readonly id: string;
  /** What `beginDelivery` was given: a progress of the same run is written down once. */
  readonly run: string;
  readonly status: DeliveryStatus;
  /** ms epoch */
  readonly nextAttemptAt: number | null;
  readonly attempt: DeliveryAttempt | null;
  /** ms epoch */
  readonly now: number;
  /** ms epoch; null while an operator may still have to do something about it. */
  readonly keepUntil: number | null;
  /** The endpoint that has just taken the event: healthy again, unless it is held. */
  readonly recovered?: string;
}

/**
 * Writes what became of a delivery attempt: state, log and dead letters, in one step.
 *
 * @returns `not_ours` when another run has begun since, or the event was delivered meanwhile: the attempt is logged all
 *   the same
 */
export async function recordDelivery(
  redis: Redis,
  keys: LaneKeys,
  { id, run, status, nextAttemptAt, attempt, now, keepUntil, recovered }: DeliveryProgress,
): Promise<'recorded' | 'not_ours' | 'missing'> {
  const reply = await recordDeliveryScript(
    redis,
    [
      keys.record(id),
      keys.deliveryLog(id),
      keys.deadLetters(),
      keys.retention(),
      keys.endpointHealth(recovered ?? 'none'),
      keys.unhealthyEndpoints(),
    ],
    [
      id,
      status,
      nextAttemptAt ?? '',
      attempt ? describeAttempt(attempt) : '',
      now,
      keepUntil ?? '',
      recovered ?? '',
      run,
    ],
  );
  return reply as 'recorded' | 'not_ours' | 'missing';
}

/** Notes in the log why nothing was sent. It counts as no attempt. */
export async function logDelivery(
  redis: Redis,
  keys: LaneKeys,
  id: string,
  attempt: DeliveryAttempt,
): Promise<void> {
  await logDeliveryScript(redis, [keys.record(id), keys.deliveryLog(id)], [describeAttempt(attempt)]);
}

/** The answer last: the script finds it there when it is to be dropped. */
function describeAttempt({ answer, ...attempt }: DeliveryAttempt): string {
  return JSON.stringify({ ...attempt, answer });
}

const logEntry = jsonText(deliveryAttempt);

/** The attempt log, oldest first; entries that cannot be read are left out. */
export async function readDeliveryLog(redis: Redis, keys: LaneKeys, id: string): Promise<DeliveryAttempt[]> {
  const entries = await redis.lrange(keys.deliveryLog(id), 0, -1);
  return entries.flatMap((entry) => {
    const parsed = logEntry.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}
