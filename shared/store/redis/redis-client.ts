import type { ChainableCommander, Redis as IoRedis } from 'ioredis';

/** A connection that `openRedis` has made, for code outside the store, which does not know the library behind it. */
export type Redis = IoRedis;

/** Commands that go to Redis together. */
export type Transaction = ChainableCommander;
