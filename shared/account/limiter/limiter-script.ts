import type { Redis } from '../../store/redis/redis-client.ts';
import { loadScript } from '../../store/redis/script.ts';
import type { LimiterCommand } from './limiter-command.ts';

const limiterScript = loadScript(new URL('limiter.lua', import.meta.url));

/**
 * Runs one command.
 *
 * @param settings `LimiterSettings` as JSON
 * @returns for `parseLimiterReply`
 * @throws whatever ioredis throws
 */
export function runLimiterScript(
  redis: Redis,
  key: string,
  settings: string,
  command: LimiterCommand,
): Promise<unknown> {
  return limiterScript(redis, [key], [settings, JSON.stringify(command)]);
}
