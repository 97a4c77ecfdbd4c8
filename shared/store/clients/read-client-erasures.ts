import type { ErasureStatement } from '../../contract/receipt.ts';
import { walkSortedSet } from '../endpoints/walk-sorted-set.ts';
import { type ErasureQuestion, readErasure } from '../verifications/read-erasure.ts';
import type { VerificationStore } from '../verifications/verification-store.ts';

export interface ClientErasureReading {
  readonly clientDeleted: boolean;
  /** By id. */
  readonly statements: readonly ErasureStatement[];
  /** How many still wait with their photos. */
  readonly kept: number;
}

/** Looked at in one round trip. */
const BATCH = 200;

/**
 * What was deleted of each verification of a client that is known: those that have a record, and those that were erased.
 *
 * @returns null when there is no such client, and nothing of it
 * @throws errors of Redis
 */
export async function readClientErasures(
  store: VerificationStore,
  question: Omit<ErasureQuestion, 'id'>,
): Promise<ClientErasureReading | null> {
  const { redis, keys } = store;
  const { clientId } = question;
  const ids = new Set<string>();
  for (const key of [keys.clientIndex(clientId), keys.erasures(clientId)]) {
    const all = { key, min: 0, max: Number.MAX_SAFE_INTEGER, pageSize: 1_000 };
    for await (const { member } of walkSortedSet(redis, all)) ids.add(member);
  }
  const clientDeleted = (await redis.exists(keys.client(clientId))) === 0;
  if (clientDeleted && ids.size === 0) return null;
  const sorted = [...ids].sort();
  const statements: ErasureStatement[] = [];
  let kept = 0;
  for (let from = 0; from < sorted.length; from += BATCH) {
    const batch = sorted.slice(from, from + BATCH);
    for (const reading of await Promise.all(batch.map((id) => readErasure(store, { ...question, id })))) {
      if (reading.status === 'erased') statements.push(reading.statement);
      if (reading.status === 'kept') kept += 1;
    }
  }
  return { clientDeleted, statements, kept };
}
