import type { Redis } from 'ioredis';
import type { WaitingStatus } from '../../contract/verification-status.ts';
import type { DailyWait } from '../../outcomes/retry-policy.ts';
import type { StoreKeys } from '../keys.ts';
import { type ClientNotice, noticeArguments } from '../notices/written-notice.ts';
import { loadScript } from '../redis/script.ts';
import { callArguments, type NotedCall } from './noted-call.ts';
import type { OwnedClaim } from './owned-claim.ts';

const postponeScript = loadScript(new URL('../scripts/postpone.lua', import.meta.url));

export interface Postponement {
  readonly id: string;
  readonly claim: OwnedClaim;
  /** `queued`: back in line, as after a hold; with `nextAttemptAt`, a deferral that its client is not shown. */
  readonly status: WaitingStatus;
  readonly call: NotedCall | null;
  /** Whether the attempt counts against the allowed number. */
  readonly counted: boolean;
  /** For a worker of an earlier version, which does not look at the attempts' codes. */
  readonly fateUnknown: boolean;
  readonly deferredBefore: DailyWait | 'none';
  /** ms epoch */
  readonly nextAttemptAt: number | null;
  /** Written if one of the client's endpoints asks for it. */
  readonly notice?: ClientNotice | null;
}

/**
 * Ends a claim without an outcome. Doing it again changes nothing.
 *
 * @returns `not_ours` when another run has claimed it in the meantime; the attempt is noted all the same
 */
export async function postponeVerification(
  redis: Redis,
  keys: StoreKeys,
  postponement: Postponement,
): Promise<'postponed' | 'not_ours' | 'missing'> {
  const { id, claim, notice } = postponement;
  const reply = await postponeScript(
    redis,
    [keys.record(id), keys.inFlight()],
    [
      ...callArguments(keys, postponement.call),
      id,
      claim.workerId,
      claim.token,
      postponement.status,
      postponement.counted ? '1' : '0',
      postponement.nextAttemptAt ?? '',
      postponement.fateUnknown ? '1' : '0',
      postponement.deferredBefore,
      ...noticeArguments(notice),
    ],
  );
  return reply as 'postponed' | 'not_ours' | 'missing';
}
