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
   * @throws when it cannot be kept: the submission is refused then (503), and `delete` follows
   */
  put(id: string, ciphertext: Ciphertext): Promise<SubjectFields>;
  /**
   * @param hash as it was read, with its key
   * @returns null when a part of the ciphertext is gone
   * @throws when the store does not answer
   */
  get(id: string, hash: SubjectHash): Promise<Ciphertext | null>;
  /**
   * Frees the bytes that the hash does not hold. Every verb that ends a subject's life calls it after its script: finish,
   * cancel, withdraw, forget, erase. The script has deleted the wrapped key, which is the shredding; what a store still
   * holds is unreadable and takes space only.
   *
   * It may be repeated, also for an id of which nothing is left. It does not throw: the outcome is written by then,
   * and no caller could take it back. A store that cannot reach its bytes logs that, and removes what is older than
   * `SUBJECT_TTL` by a rule of its own, such as a bucket's expiry. That rule also frees what a process leaves that ends
   * between script and call.
   */
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
