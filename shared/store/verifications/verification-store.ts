import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';

/** What the verbs of a verification work on. */
export interface VerificationStore {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}
