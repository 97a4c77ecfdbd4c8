import { randomBytes } from 'node:crypto';
import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import type { LimiterChange, LimiterReports } from './limiter-command.ts';
import { parseLimiterReply } from './limiter-reply.ts';
import { runLimiterScript } from './limiter-script.ts';
import { resolveLimiterSettings } from './limiter-settings.ts';

/** An operator has no slots to report on. */
const NO_REPORTS: LimiterReports = { seen: 0, stepped: false, sent: [], attempts: [] };

const LONGEST_REASON = 200;

export type AccountPause =
  | { readonly status: 'paused' }
  /** It was already; the reason is the new one. */
  | { readonly status: 'already_paused' };

/**
 * No slots at all, not even probes, until `resumeAccount`; what is under way at the upstream finishes, and submissions are
 * accepted.
 *
 * @param reason shown to operators and, in `GET /v1/lane`, to clients; control characters become spaces, 200 characters are kept
 * @throws whatever ioredis throws
 */
export async function pauseAccount(redis: Redis, keys: AccountKeys, reason: string): Promise<AccountPause> {
  const text = [...reason.replace(/[\p{C}\s]+/gu, ' ').trim()].slice(0, LONGEST_REASON).join('');
  const changes = await callAccount(redis, keys, { op: 'pause', reason: text });
  return { status: changes.some(({ name }) => name === 'paused') ? 'paused' : 'already_paused' };
}

export type AccountResumption =
  /** What was ended: one of them, or a pause with what lay behind it. */
  { readonly status: 'resumed'; readonly from: readonly string[] } | { readonly status: 'already_running' };

/**
 * Ends a pause, a hold and a slow phase at once. An account that is still at fault, or an upstream in maintenance, closes
 * the lane again with the next attempts; transient failures do so after ten seconds at the earliest.
 *
 * @throws whatever ioredis throws
 */
export async function resumeAccount(redis: Redis, keys: AccountKeys): Promise<AccountResumption> {
  const changes = await callAccount(redis, keys, { op: 'resume' });
  const from = changes.flatMap(({ name, detail }) => (name === 'resumed' ? [detail] : []));
  return from.length > 0 ? { status: 'resumed', from } : { status: 'already_running' };
}

type Switch = { readonly op: 'pause'; readonly reason: string } | { readonly op: 'resume' };

/** Each call is a client of its own with one command. */
async function callAccount(
  redis: Redis,
  keys: AccountKeys,
  change: Switch,
): Promise<readonly LimiterChange[]> {
  const settings = JSON.stringify(resolveLimiterSettings());
  const command = { ...change, client: randomBytes(6).toString('hex'), number: 1, reports: NO_REPORTS };
  return parseLimiterReply(await runLimiterScript(redis, keys.quota(), settings, command)).changes;
}
