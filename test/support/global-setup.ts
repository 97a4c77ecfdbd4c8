import { requireRedisBinary } from './redis.ts';

/** On a bare machine Redis is installed once, before test files that run side by side would do it at the same time. */
export async function setup(): Promise<void> {
  await requireRedisBinary();
}
