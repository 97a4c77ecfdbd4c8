import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import type { StoreKeys } from '../../shared/store/keys.ts';

/** Records in one round trip. */
const BATCH = 1_000;
const CLIENTS = 5;

/** Writes what finished verifications leave in Redis, without asking anybody: the record, its indexes and its log. */
export async function fillRecords(redis: Redis, keys: StoreKeys, count: number, now: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const pipeline = redis.pipeline();
    for (let i = done; i < Math.min(done + BATCH, count); i += 1) {
      addRecord(pipeline, keys, i, now - (count - i) * 50);
    }
    await pipeline.exec();
  }
}

export function addRecord(
  pipeline: ReturnType<Redis['pipeline']>,
  keys: StoreKeys,
  number: number,
  submittedAt: number,
): string {
  const id = typeidUnboxed('ver');
  const client = `client_${number % CLIENTS}`;
  const reference = `order-${number}`;
  const instant = new Date(submittedAt).toISOString();
  const requestId = `request-${number}`;
  const outcome = {
    verdict: 'match',
    code: 'Success',
    description: 'Success',
    sim: 89.88,
    requestId,
    action: 'none',
    billed: true,
    possiblyBilledAgain: false,
    completedAt: instant,
  };
  pipeline.hset(keys.record(id), {
    id,
    client,
    reference,
    status: 'completed',
    priority: 'interactive',
    submittedAt: String(submittedAt),
    attempts: '1',
    'attempt:1': JSON.stringify({ at: instant, durationMs: 320, code: 'Success', requestId }),
    outcome: JSON.stringify(outcome),
    deliveryStatus: 'delivered',
    deliveryAttempts: '1',
  });
  pipeline.zadd(keys.allIndex(), submittedAt, id);
  pipeline.zadd(keys.referenceIndex(), 0, `${reference} ${id}`);
  pipeline.zadd(keys.clientIndex(client), submittedAt, id);
  pipeline.zadd(keys.clientStatusIndex(client, 'completed'), submittedAt, id);
  pipeline.zadd(keys.retention(), submittedAt + 86_400_000, id);
  pipeline.rpush(
    keys.deliveryLog(id),
    JSON.stringify({ at: instant, durationMs: 40, status: 204, errorClass: null, answer: '' }),
  );
  return id;
}
