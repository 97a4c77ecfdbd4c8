import { needsOfFile } from './needs.ts';

/**
 * Imported by every test file that needs a Redis server, directly or through test/support/redis.ts. Such a file is skipped as a
 * whole where there is none: its hooks would fail first, and then nearly every test of it.
 */
needsOfFile().needsRedis = true;
