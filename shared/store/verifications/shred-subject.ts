import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const shredSubjectScript = loadScript(new URL('../scripts/shred-subject.lua', import.meta.url));

/** Deletes a sealed subject whose record cannot be read, and which therefore can be answered by nothing. */
export async function shredSubject({ redis, keys }: VerificationStore, id: string): Promise<void> {
  await shredSubjectScript(
    redis,
    [keys.subject(id), keys.photosStored(), keys.unfinishedIndex()],
    [id, keys.tag],
  );
}
