import type { Redis } from '../redis/redis-client.ts';

/** What says which epoch it is: one clock for all processes, however far their own are off. */
export interface EpochClock {
  /** @returns ms epoch. @throws errors of Redis */
  read(): Promise<number>;
  /** ms since any instant; it never goes back. */
  elapsed(): number;
}

/** The clock of the Redis that has the keys, which also decides when they expire. */
export function clockOfStore(redis: Redis): EpochClock {
  return {
    read: async () => {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    },
    elapsed: () => performance.now(),
  };
}
