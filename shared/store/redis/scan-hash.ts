import type { Redis } from 'ioredis';

/** Fields asked for at a time: a reply stays under 100 kB, and Redis is never busy with one for more than a millisecond. */
const PAGE_SIZE = 500;

/**
 * Every field of a hash, page by page, so that no reply grows with the hash.
 *
 * A field that exists from beginning to end is given at least once, and perhaps twice while Redis resizes the hash.
 *
 * @throws errors of Redis
 */
export async function* scanHash(
  redis: Redis,
  key: string,
): AsyncGenerator<readonly (readonly [field: string, value: string])[]> {
  let cursor = '0';
  do {
    const [next, flat] = await redis.hscan(key, cursor, 'COUNT', PAGE_SIZE);
    yield Array.from(
      { length: flat.length / 2 },
      (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? ''] as const,
    );
    cursor = next;
  } while (cursor !== '0');
}
