import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import type { LaneKeys } from '../../shared/keys.ts';
import { queueAcceptance } from '../../shared/record/accept.ts';
import { readRecords } from '../../shared/record/read.ts';
import { settleVerification } from '../../shared/record/settle.ts';
import type { VerificationRecord } from '../../shared/record/verification-record.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { sealSubject } from '../../shared/sealing/seal.ts';
import { makePerson } from '../submitter.ts';

export interface RecordsOrder {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  readonly keyRing: KeyRing;
  /** Whose verification each of them is. */
  readonly clientIds: readonly string[];
}

/** Nobody opens it: a verification with an outcome has none any more. */
const photo = Buffer.from('no photo');

const WRITTEN_AT_ONCE = 200;

/** Verifications that have their outcome and wait for their delivery, as the producer and the worker write them. */
export async function writeSettledRecords(order: RecordsOrder): Promise<VerificationRecord[]> {
  const { redis, keys, clientIds } = order;
  const ids: string[] = [];
  for (let done = 0; done < clientIds.length; done += WRITTEN_AT_ONCE) {
    const written = clientIds
      .slice(done, done + WRITTEN_AT_ONCE)
      .map((clientId) => writeOne(order, clientId));
    ids.push(...(await Promise.all(written)));
  }
  const reads = await readRecords(redis, keys, ids);
  return reads.map((read) => {
    if (read.status === 'found') return read.record;
    throw new Error(`Cannot prepare a delivery: its record must be found, received ${read.status}`);
  });
}

async function writeOne({ redis, keys, keyRing }: RecordsOrder, clientId: string): Promise<string> {
  const id: string = typeidUnboxed('ver');
  const at = Date.now();
  const accepting = redis.multi();
  queueAcceptance(accepting, keys, {
    id,
    clientId,
    priority: 'interactive',
    reference: 'order-17',
    extra: undefined,
    callbackUrl: undefined,
    submittedAt: at,
    sealed: sealSubject(keyRing, id, { ...makePerson(1), photo }),
  });
  await accepting.exec();
  const requestId = 'a5e6cd5c-7d8d-4d0c-8f5e-0b7f9d2b6c11';
  await settleVerification(redis, keys, {
    id,
    status: 'completed',
    outcome: {
      verdict: 'match',
      code: 'Success',
      description: 'Matched',
      sim: 89.88,
      requestId,
      action: 'none',
      billed: true,
      possiblyBilledAgain: false,
      completedAt: new Date(at).toISOString(),
    },
    attempt: { at: new Date(at).toISOString(), durationMs: 312, code: 'Success', requestId },
    ledger: null,
  });
  return id;
}
