import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import { MINUTE_MS } from '../time-units.ts';
import type { StoreKeys } from './keys.ts';
import type { Redis } from './redis/redis-client.ts';

/** What one process keeps depends on these. No secret is among them. */
const processSettings = z.object({
  /** ms, each */
  retentionMs: z.number(),
  subjectTtlMs: z.number(),
  auditRetentionMs: z.number(),
  hasObjectStore: z.boolean(),
  sharesLogs: z.boolean(),
});
export type ProcessSettings = Readonly<z.infer<typeof processSettings>>;

const announced = jsonText(processSettings);

/** Workers say it again this often. */
export const ANNOUNCE_EVERY_MS = 10 * MINUTE_MS;
/** What others have outlived by so long is in force no more. */
const OUTLIVED_MS = 3 * ANNOUNCE_EVERY_MS;

/**
 * Writes down that a worker runs with these settings: producers do not have all of them, and show operators what is kept for how
 * long. Workers with the same settings share a field, so that there are as many as there are differences.
 *
 * @param now ms epoch
 */
export async function announceSettings(
  redis: Redis,
  keys: StoreKeys,
  settings: ProcessSettings,
  now: number,
): Promise<void> {
  const key = keys.processingSettings();
  const field = JSON.stringify(processSettings.parse(settings));
  const others = Object.entries(await redis.hgetall(key)).filter(([each]) => each !== field);
  const outlived = others.filter(([, at]) => !isInForce(at, now)).map(([each]) => each);
  await redis.hset(key, field, String(now));
  if (outlived.length > 0) await redis.hdel(key, ...outlived);
}

/** What the lane's workers run with, or ran with last: one entry for each difference. */
export interface KnownSettings {
  readonly settings: readonly ProcessSettings[];
  /** ms epoch, by the clock of a worker; null: none has said it yet. */
  readonly saidAt: number | null;
}

/** What cannot be read is left out. */
export async function readAnnouncedSettings(redis: Redis, keys: StoreKeys): Promise<KnownSettings> {
  const known = Object.entries(await redis.hgetall(keys.processingSettings())).flatMap(([text, at]) => {
    const parsed = announced.safeParse(text);
    return parsed.success && Number.isFinite(Number(at)) ? [{ settings: parsed.data, at }] : [];
  });
  if (known.length === 0) return { settings: [], saidAt: null };
  const saidAt = Math.max(...known.map(({ at }) => Number(at)));
  return {
    settings: known.filter(({ at }) => isInForce(at, saidAt)).map(({ settings }) => settings),
    saidAt,
  };
}

const isInForce = (at: string, latest: number): boolean => Number(at) > latest - OUTLIVED_MS;
