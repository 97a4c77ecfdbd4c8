import type { SealedSubject } from '../../sealing/seal.ts';
import { type PhotoStoreState, PhotoStoreUnavailable } from './photo-store-state.ts';
import type { PhotoUploads } from './photo-uploads.ts';

/** What is sealed of a subject: useless without its wrapped key. */
export type Ciphertext = Pick<SealedSubject, 'fields' | 'photo'>;

/** Names and values in turn, as HSET takes them. */
export type SubjectFields = readonly (string | Buffer)[];

/**
 * A subject's hash in Redis: `key`, the wrapped data key; `fields`; and the photo, in pieces, or `photoAt`, where it is.
 */
export type SubjectHash = Readonly<Record<string, Buffer>>;

/**
 * Where sealed photos are kept.
 *
 * The wrapped key stays in the subject's hash in Redis, whatever the store: it is written in one step with the record, and
 * deleted in one step with the outcome, a cancellation or an erasure. Deleting it is the shredding, for nothing else opens the
 * photo. A store therefore needs no transaction with Redis.
 *
 * The script that deletes the key lists a photo that lies elsewhere as one to delete, in the same step; the workers delete
 * it from there (`worker/maintenance/delete-photos.ts`). So no verb that ends a subject's life has to reach the store.
 *
 * Every store passes `test/shared/store/subjects/subject-store-suite.ts`.
 */
export interface SubjectStore {
  /**
   * Keeps a ciphertext, before its verification is accepted. What is kept again under the same id is another ciphertext, and
   * leaves the first one as it is.
   *
   * @returns what belongs into the subject's hash beside `key`; `photoAt` first where the photo lies outside Redis
   * @throws {PhotoStoreUnavailable} when it cannot be kept: the submission is refused then (503)
   */
  put(id: string, ciphertext: Ciphertext): Promise<SubjectFields>;
  /**
   * @param hash as it was read, with its key
   * @returns null when a part of the ciphertext is gone
   * @throws {PhotoStoreUnavailable} when the store does not answer, or when these settings do not name it
   */
  get(hash: SubjectHash): Promise<Ciphertext | null>;
  /**
   * Deletes a photo outside Redis. Doing it again changes nothing.
   *
   * @param photoAt as the hash had it
   * @throws {PhotoStoreUnavailable} when that is not possible now
   */
  remove(photoAt: string): Promise<void>;
  /**
   * Whether photos can be read and written, as the last call to the store has shown. One call at a time finds out about a
   * store that was away, and no more often than once a second.
   */
  state(): Promise<PhotoStoreState>;
  /** The same, and asks a store that has not been used for ten seconds. */
  check(): Promise<PhotoStoreState>;
  /** Null where clients cannot send photos to the store themselves, as to Redis. */
  readonly uploads: PhotoUploads | null;
  /** Ends its connections. */
  close(): Promise<void>;
}

export type SubjectReading =
  | { readonly status: 'read'; readonly sealed: SealedSubject }
  /** It has been shredded. */
  | { readonly status: 'gone' }
  /** Its key is here, and a part of what it opens is not. */
  | { readonly status: 'incomplete' }
  /** Nothing is known of it until the store of photos answers. */
  | { readonly status: 'unavailable'; readonly error: PhotoStoreUnavailable };

/** The subject that a verification's hash stands for. */
export async function readSubject(subjects: SubjectStore, hash: SubjectHash): Promise<SubjectReading> {
  const { key: wrappedKey } = hash;
  if (!wrappedKey) return { status: 'gone' };
  try {
    const ciphertext = await subjects.get(hash);
    return ciphertext === null
      ? { status: 'incomplete' }
      : { status: 'read', sealed: { wrappedKey, ...ciphertext } };
  } catch (error) {
    if (error instanceof PhotoStoreUnavailable) return { status: 'unavailable', error };
    throw error;
  }
}
