import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import type { SubjectStore } from '../subjects/subject-store.ts';

/** What a verb works on that ends the life of a subject: where the record is, and where the ciphertext is. */
export interface VerificationStore {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly subjects: SubjectStore;
}
