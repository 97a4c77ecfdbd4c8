import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import type { Outcome } from '../../shared/contract/verification.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { acceptRecord, CLIENT_ID, makeOutcome, storeOf } from '../support/records.ts';

interface Storing {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
}

/** A verification as its worker leaves it: answered, and its event delivered, given up, or not sent yet. */
export async function storeSettled(
  { redis, keys, keyRing }: Storing,
  {
    reference,
    outcome = {},
    delivery = 'delivered',
    submittedAt = Date.now(),
    clientId = CLIENT_ID,
    event,
  }: {
    readonly reference?: string;
    readonly outcome?: Partial<Outcome>;
    readonly delivery?: 'delivered' | 'dead' | 'pending';
    readonly submittedAt?: number;
    readonly clientId?: string;
    /** Its body: with one, it is numbered in the client's feed. */
    readonly event?: string;
  } = {},
): Promise<string> {
  const id = typeidUnboxed('ver');
  const finished = makeOutcome({ completedAt: new Date(submittedAt + 700).toISOString(), ...outcome });
  await acceptRecord(redis, keys, keyRing, { id, clientId, reference, submittedAt });
  const { code, requestId } = finished;
  const day = ledgerDay(Date.now());
  await finishVerification(storeOf(redis, keys), {
    id,
    clientId,
    status: finished.verdict === 'error' ? 'failed' : 'completed',
    outcome: finished,
    ...(event === undefined ? {} : { event }),
    day,
    call: {
      id: makeRunToken(),
      isListed: true,
      attempt: { at: new Date(submittedAt + 300).toISOString(), durationMs: 320, code, requestId },
      ledger: { day, clientId, code, billed: finished.billed ? 'billed' : 'unbilled' },
    },
  });
  if (delivery === 'pending') return id;
  await recordDelivery(redis, keys, {
    run: makeRunToken(),
    id,
    status: delivery,
    nextAttemptAt: null,
    attempt: {
      at: new Date(submittedAt + 900).toISOString(),
      durationMs: 41,
      status: delivery === 'dead' ? 500 : 204,
      errorClass: null,
      answer: 'a receiver’s own words',
    },
    now: submittedAt + 1_000,
    keepUntil: delivery === 'dead' ? null : submittedAt + 86_400_000,
  });
  return id;
}
