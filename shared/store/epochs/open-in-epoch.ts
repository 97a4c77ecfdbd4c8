import { openFromEpoch, readEpoch } from '../../sealing/epoch-wrap.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import { openSubject, type SealedSubject, type SubjectOpening } from '../../sealing/seal.ts';
import type { EpochKeys } from './epoch-keys.ts';

/** `epoch_lost`: the key of its epoch is destroyed; nothing opens it any more. `no_epoch_store`: another process may open it. */
export type EpochOpening =
  | SubjectOpening
  | { readonly status: 'unreadable'; readonly reason: 'epoch_lost' | 'no_epoch_store' };

/**
 * Opens a subject, also one that is wrapped in an epoch. One that is not costs nothing more than `openSubject`.
 *
 * @param epochs null: this process has no store of epochs
 * @throws errors of the store's Redis
 */
export async function openInEpoch(
  { keyRing, epochs }: { readonly keyRing: KeyRing; readonly epochs: EpochKeys | null },
  id: string,
  sealed: SealedSubject,
): Promise<EpochOpening> {
  const epoch = readEpoch(sealed.wrappedKey);
  if (epoch === null) return openSubject(keyRing, id, sealed);
  if (epochs === null) return { status: 'unreadable', reason: 'no_epoch_store' };
  const key = await epochs.find(epoch);
  if (key === null) return { status: 'unreadable', reason: 'epoch_lost' };
  const opening = openFromEpoch(key, id, sealed.wrappedKey);
  if (opening.status === 'unreadable') return opening;
  return openSubject(keyRing, id, { ...sealed, wrappedKey: opening.bytes });
}
