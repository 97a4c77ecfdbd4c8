import type { Redis } from 'ioredis';
import type { DeliveryAttempt } from '../../contract/delivery-log.ts';
import type { DeliveryStatus } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import { type ClientNotice, noticeArguments } from '../notices/written-notice.ts';
import { loadGatheredScript } from '../redis/gathered-script.ts';
import { writeAttempt } from './written-attempt.ts';

const recordDeliveryScript = loadGatheredScript(new URL('../scripts/record-delivery.lua', import.meta.url));

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
  /** `<client> <origin>` that the attempt was made at. */
  readonly endpoint?: string;
  /** With the status `dead`: what its client is sent about it, if an endpoint asks for that. */
  readonly notice?: ClientNotice;
}

/**
 * Writes what became of a delivery attempt: state, log and dead letters, in one step.
 *
 * @returns `not_ours` when another run has begun since, or the event was delivered meanwhile: the attempt is logged all
 *   the same
 */
export async function recordDelivery(
  redis: Redis,
  keys: StoreKeys,
  { id, run, status, nextAttemptAt, attempt, now, keepUntil, recovered, endpoint, notice }: DeliveryProgress,
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
      attempt ? writeAttempt(attempt) : '',
      now,
      keepUntil ?? '',
      recovered ?? '',
      run,
      keys.tag,
      attempt ? (endpoint ?? '') : '',
      status === 'delivered' ? 'accepted' : 'failed',
      attempt ? describeLatest(attempt) : '',
      ...noticeArguments(notice),
    ],
  );
  return reply as 'recorded' | 'not_ours' | 'missing';
}

/** What a receiver said is not in it. */
function describeLatest({ at, status, errorClass }: DeliveryAttempt): string {
  return JSON.stringify({ at, status, errorClass });
}
