import { inject } from 'vitest';
import { findAbility, redisNeed } from './needs.ts';

/** For a few tests among many that need no Redis server. Files that need one as a whole import needs-redis.ts. */
export const hasRedis = findAbility(inject('hasRedis'), redisNeed);
