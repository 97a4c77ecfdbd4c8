import type { SealedSubject } from '../../sealing/seal.ts';

/** What is sealed of a subject: useless without its wrapped key. */
export type Ciphertext = Pick<SealedSubject, 'fields' | 'photo'>;

/** Names and values in turn, as HSET takes them. */
export type SubjectFields = readonly (string | Buffer)[];

/** A subject's hash in Redis: `key`, the wrapped data key, and what the store has put beside it. */
export type SubjectHash = Readonly<Record<string, Buffer>>;

/**
 * Where sealed subjects are kept.
 *
 * The wrapped key stays in the subject's hash in Redis, whatever the store: it is written in one step with the record, and
 * deleted in one step with the outcome, a cancellation or an erasure. Deleting it is the shredding, for nothing else opens the
 * ciphertext. A store therefore needs no transaction with Redis.
 *
 * Every store passes `test/shared/store/subjects/subject-store-suite.ts`.
 */
export interface SubjectStore {
  /**
   * Keeps a ciphertext, before its verification is accepted; again under the same id replaces it.
   *
   * @returns what belongs into the subject's hash beside `key`: the ciphertext itself, or nothing
   * @throws when it cannot be kept; the verification is not accepted then
   */
  put(id: string, ciphertext: Ciphertext): Promise<SubjectFields>;
  /**
   * @param hash as it was read, with its key
   * @returns null when a part of the ciphertext is gone
   * @throws when the store does not answer
   */
  get(id: string, hash: SubjectHash): Promise<Ciphertext | null>;
  /** Deletes what the hash does not hold, after the key; what is not there is deleted already. */
  delete(id: string): Promise<void>;
}

/** The subject that a verification's hash stands for; null when it has been shredded, or is incomplete. */
export async function readSubject(
  subjects: SubjectStore,
  id: string,
  hash: SubjectHash,
): Promise<SealedSubject | null> {
  const { key: wrappedKey } = hash;
  if (!wrappedKey) return null;
  const ciphertext = await subjects.get(id, hash);
  return ciphertext && { wrappedKey, ...ciphertext };
}
