import type { FastifyInstance } from 'fastify';
import type { StoreKeys } from '../shared/store/keys.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { loadScript } from '../shared/store/redis/script.ts';
import { ProblemError, retryAfter } from './problem.ts';
import { clientOf } from './request-state.ts';

/** What one client may submit, over all producers of the lane. */
export interface SubmissionRate {
  readonly perSecond: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** Submissions that would be let through right now. */
  readonly remaining: number;
  /** ms until the whole burst is available again */
  readonly fullInMs: number;
  /** ms until one more is let through; 0 while some remain */
  readonly nextInMs: number;
}

const takeScript = loadScript(new URL('../shared/store/scripts/take-from-rate.lua', import.meta.url));

/** Takes one submission out of a client's rate, in one round trip. */
export async function takeSubmission(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  rate: SubmissionRate,
): Promise<RateDecision> {
  return takeFromRate(redis, keys.clientRate(clientId), rate);
}

/** Takes one out of a rate. @param key where it is kept */
export async function takeFromRate(
  redis: Redis,
  key: string,
  { perSecond, burst }: SubmissionRate,
): Promise<RateDecision> {
  const intervalUs = Math.max(1, Math.round(1_000_000 / perSecond));
  const reply = await takeScript(redis, [key], [intervalUs, burst]);
  const [allowed, remaining = 0, fullInMs = 0, nextInMs = 0] = reply as number[];
  return { allowed: allowed === 1, remaining, fullInMs, nextInMs };
}

const POLICY = '"submissions"';

/** draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: quota, window and what is left of it, in seconds. */
export function describeRate(
  { perSecond, burst }: SubmissionRate,
  { remaining, fullInMs }: RateDecision,
): Readonly<Record<'ratelimit-policy' | 'ratelimit', string>> {
  return {
    'ratelimit-policy': `${POLICY};q=${burst};w=${Math.max(1, Math.ceil(burst / perSecond))}`,
    ratelimit: `${POLICY};r=${remaining};t=${Math.ceil(fullInMs / 1000)}`,
  };
}

/**
 * Holds every client to its rate of submissions, before a body is read: one client must not fill the backlog for all, nor
 * have us read megabytes only to refuse them. Register it behind authentication.
 */
export function limitSubmissions(
  app: FastifyInstance,
  { redis, keys, rate }: { readonly redis: Redis; readonly keys: StoreKeys; readonly rate: SubmissionRate },
): void {
  if (rate.perSecond === 0) return;
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST' || request.routeOptions.url !== '/v1/verifications') return;
    const decision = await takeSubmission(redis, keys, clientOf(request).id, rate);
    reply.headers(describeRate(rate, decision));
    requireAllowed(decision);
  });
}

/** @throws {ProblemError} too_many_requests */
export function requireAllowed({ allowed, nextInMs }: RateDecision): void {
  if (!allowed) throw new ProblemError('too_many_requests', { headers: retryAfter(nextInMs / 1000) });
}
