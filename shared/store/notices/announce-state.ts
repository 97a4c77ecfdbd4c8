import { operatorEventTypes } from '../../contract/event-type.ts';
import type { LaneNotice } from '../../contract/operator-endpoint.ts';
import { OPERATORS } from '../push/push-endpoint.ts';
import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from '../verifications/verification-store.ts';
import { writeNotice } from './written-notice.ts';

const announceScript = loadScript(new URL('../scripts/announce-state.lua', import.meta.url));

export interface AccountState {
  readonly account: string;
  readonly status: LaneNotice['data']['status'];
  readonly reason: string | null;
  /** ms epoch; null while it runs */
  readonly since: number | null;
}

/**
 * Writes for the operators' endpoints that an account's state has changed, unless they know.
 *
 * @param read by Redis' clock, ms: before and after the state was read
 * @param now ms epoch
 */
export async function announceState(
  { redis, keys }: VerificationStore,
  { account, status, reason, since }: AccountState,
  { read, now }: { readonly read: { readonly from: number; readonly to: number }; readonly now: number },
): Promise<void> {
  const notice = writeNotice({
    type: operatorEventTypes[status === 'running' ? 'resumed' : 'suspended'],
    timestamp: new Date(now).toISOString(),
    data: {
      lane: keys.lane,
      account,
      status,
      reason,
      since: since === null ? null : new Date(since).toISOString(),
    },
  });
  const state = status === 'running' ? status : `${status} ${since}`;
  await announceScript(
    redis,
    [keys.announcedStates()],
    [keys.tag, account, state, read.from, read.to, OPERATORS, notice.id, notice.body],
  );
}
