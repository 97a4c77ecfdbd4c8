import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import { defineScript } from '../../store/redis/script.ts';
import type { LaneCall, LaneChange, LaneNews } from './lane-call.ts';
import { parseLaneReply } from './lane-reply.ts';
import { LANE_SCRIPT } from './lane-script.ts';
import { resolveLaneSettings } from './lane-settings.ts';

/**
 * The lane's own script, with the quota it has: an operator's call comes from a process that need not know the workers'
 * `QUOTA_PER_SECOND`, and must not set the lane back to another one. Read within the script, so that no worker can come
 * in between. A lane nobody has asked for a slot yet has none, and takes the default until a worker does.
 */
const switchScript = defineScript({
  name: 'laneSwitch',
  keys: 1,
  lua: `
local operatorSettings = cjson.decode(ARGV[1])
local quotaInUse = tonumber(redis.call('HGET', KEYS[1], 'size') or '0')
if quotaInUse > 0 then
  operatorSettings.quota = quotaInUse
  ARGV[1] = cjson.encode(operatorSettings)
end
${LANE_SCRIPT}`,
});

/** An operator has no slots to report on. */
const NO_NEWS: LaneNews = { seen: 0, stepped: false, sent: [], reports: [] };

const LONGEST_REASON = 200;

export type LanePause =
  | { readonly status: 'paused' }
  /** It was already; the reason is the new one. */
  | { readonly status: 'already_paused' };

/**
 * No slots at all, not even probes, until `resumeLane`; what is under way at the upstream finishes, and submissions are
 * accepted.
 *
 * @param reason shown to operators and, in `GET /v1/lane`, to clients; control characters become spaces, 200 characters are kept
 * @throws whatever ioredis throws
 */
export async function pauseLane(redis: Redis, keys: AccountKeys, reason: string): Promise<LanePause> {
  const text = [...reason.replace(/[\p{C}\s]+/gu, ' ').trim()].slice(0, LONGEST_REASON).join('');
  const changes = await callLane(redis, keys, { op: 'pause', news: NO_NEWS, reason: text });
  return { status: changes.some(({ name }) => name === 'paused') ? 'paused' : 'already_paused' };
}

export type LaneResumption =
  /** What was ended: one of them, or a pause with what lay behind it. */
  { readonly status: 'resumed'; readonly from: readonly string[] } | { readonly status: 'already_running' };

/**
 * Ends a pause, a hold and a slow phase at once. An account that is still at fault, or an upstream in maintenance, closes
 * the lane again with the next attempts; transient failures do so after ten seconds at the earliest.
 *
 * @throws whatever ioredis throws
 */
export async function resumeLane(redis: Redis, keys: AccountKeys): Promise<LaneResumption> {
  const changes = await callLane(redis, keys, { op: 'resume', news: NO_NEWS });
  const from = changes.flatMap(({ name, detail }) => (name === 'resumed' ? [detail] : []));
  return from.length > 0 ? { status: 'resumed', from } : { status: 'already_running' };
}

async function callLane(redis: Redis, keys: AccountKeys, call: LaneCall): Promise<readonly LaneChange[]> {
  const settings = JSON.stringify(resolveLaneSettings());
  return parseLaneReply(await switchScript(redis, [keys.quota()], [settings, JSON.stringify(call)])).changes;
}
