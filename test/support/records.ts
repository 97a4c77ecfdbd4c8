import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import type { Attempt, Outcome } from '../../shared/contract/verification.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { sealSubject } from '../../shared/sealing/seal.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { redisSubjects } from '../../shared/store/subjects/redis-subjects.ts';
import type { LedgerEntry } from '../../shared/store/usage/ledger.ts';
import { type Acceptance, queueAcceptance } from '../../shared/store/verifications/accept.ts';
import type { Finishing } from '../../shared/store/verifications/finish.ts';
import type { NotedCall } from '../../shared/store/verifications/noted-call.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';

export const CLIENT_ID = 'client_test';

/** A synthetic person: no province has the number 99. */
export const subject = { idCard: '990001199001010013', name: '测试甲子', photo: Buffer.from('not a photo') };

export const makeAcceptance = (id: string, overrides: Partial<Acceptance> = {}): Acceptance => ({
  id,
  clientId: CLIENT_ID,
  priority: 'interactive',
  reference: undefined,
  extra: undefined,
  callbackUrl: undefined,
  submittedAt: Date.now(),
  sealed: { wrappedKey: Buffer.alloc(0), fields: Buffer.alloc(0), photo: Buffer.alloc(0) },
  ...overrides,
});

/** Accepts a verification as the producer does, without its jobs. */
export async function acceptRecord(
  redis: Redis,
  keys: StoreKeys,
  keyRing: KeyRing,
  overrides: Partial<Acceptance> = {},
): Promise<string> {
  const id = overrides.id ?? typeidUnboxed('ver');
  const transaction = redis.multi();
  const acceptance = makeAcceptance(id, { sealed: sealSubject(keyRing, id, subject), ...overrides });
  queueAcceptance(transaction, keys, acceptance, await redisSubjects.put(id, acceptance.sealed));
  const replies = await transaction.exec();
  const failed = replies?.find(([error]) => error !== null);
  if (failed?.[0]) throw failed[0];
  return id;
}

export const storeOf = (redis: Redis, keys: StoreKeys): VerificationStore => ({
  redis,
  keys,
});

export async function mustRead(redis: Redis, keys: StoreKeys, id: string): Promise<VerificationRecord> {
  const read = await readRecord(redis, keys, id);
  if (read.status !== 'found')
    throw new Error(`Cannot read ${id}: it must be found, received ${read.status}`);
  return read.record;
}

export function makeOutcome(overrides: Partial<Outcome> = {}): Outcome {
  return {
    verdict: 'match',
    code: 'Success',
    description: 'Success',
    sim: 89.88,
    requestId: 'request-1',
    action: 'none',
    billed: true,
    possiblyBilledAgain: false,
    completedAt: '2026-03-02T04:00:00.000Z',
    ...overrides,
  };
}

export const DAY = '2026-03-02';

/** A call of the test client's as a worker notes it. */
export function makeCall(code: string, billed: LedgerEntry['billed'], id = makeRunToken()): NotedCall {
  const attempt: Attempt = {
    at: '2026-03-02T03:59:59.000Z',
    durationMs: 312,
    code,
    requestId: `request-${id}`,
  };
  return { id, attempt, isListed: true, ledger: { day: DAY, clientId: CLIENT_ID, code, billed } };
}

/** With an outcome that no call brought. */
export function makeFinishing(id: string, overrides: Partial<Finishing> = {}): Finishing {
  const outcome = makeOutcome();
  return { id, clientId: CLIENT_ID, status: 'completed', outcome, call: null, day: DAY, ...overrides };
}
