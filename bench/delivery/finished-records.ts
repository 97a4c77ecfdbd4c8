import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import { DEFAULT_BILLED_CODES, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { sealSubject } from '../../shared/sealing/seal.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { redisSubjects } from '../../shared/store/subjects/redis-subjects.ts';
import { type Acceptance, queueAcceptance } from '../../shared/store/verifications/accept.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { computeFinishing, type FinalAnswer } from '../../worker/verification/finish-verification.ts';
import { makePerson } from '../made-up-person.ts';

export interface RecordsOrder {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
  /** Whose verification each of them is. */
  readonly clientIds: readonly string[];
}

/** It is never opened: a verification with an outcome has no photo any more. */
const photo = Buffer.from('no photo');

const WRITTEN_AT_ONCE = 200;

/** Verifications that have their outcome and wait for their delivery, as the producer and the worker write them. */
export async function writeFinishedRecords(order: RecordsOrder): Promise<VerificationRecord[]> {
  const { clientIds } = order;
  const ids: string[] = [];
  for (let done = 0; done < clientIds.length; done += WRITTEN_AT_ONCE) {
    const written = clientIds
      .slice(done, done + WRITTEN_AT_ONCE)
      .map((clientId) => writeOne(order, clientId));
    ids.push(...(await Promise.all(written)));
  }
  return Promise.all(ids.map((id) => mustRead(order, id)));
}

async function mustRead({ redis, keys }: RecordsOrder, id: string): Promise<VerificationRecord> {
  const read = await readRecord(redis, keys, id);
  if (read.status === 'found') return read.record;
  throw new Error(`Cannot prepare a delivery: its record must be found, received ${read.status}`);
}

async function writeOne(order: RecordsOrder, clientId: string): Promise<string> {
  const { redis, keys, keyRing } = order;
  const id: string = typeidUnboxed('ver');
  const at = Date.now();
  const accepting = redis.multi();
  const sealed = sealSubject(keyRing, id, { ...makePerson(1), photo });
  const acceptance: Acceptance = {
    id,
    clientId,
    priority: 'interactive',
    reference: 'order-17',
    submittedAt: at,
    sealed,
  };
  queueAcceptance(accepting, keys, acceptance, await redisSubjects.put(id, sealed));
  await accepting.exec();
  const finishing = computeFinishing(await mustRead(order, id), answer(at), new Date(at).toISOString(), {
    matchThreshold: undefined,
    billedCodes: DEFAULT_BILLED_CODES,
  });
  await finishVerification({ redis, keys }, finishing);
  return id;
}

function answer(now: number): FinalAnswer {
  const requestId = 'a5e6cd5c-7d8d-4d0c-8f5e-0b7f9d2b6c11';
  const attempt = { at: new Date(now).toISOString(), durationMs: 312, code: 'Success', requestId };
  return {
    row: resolveOutcome('Success'),
    description: 'Matched',
    sim: 89.88,
    requestId,
    call: { id: makeRunToken(), attempt, isListed: true, ledger: null },
  };
}
