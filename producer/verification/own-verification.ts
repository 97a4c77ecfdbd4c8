/** The verification that a route is about. */

import { z } from 'zod';
import { verificationId } from '../../shared/contract/verification.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { ProblemError } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';

export interface OwnVerificationDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: ProducerLog;
}

/** For the description alone: {@link parseIdParam} judges. */
export const idParams = z.object({ id: z.string().describe('ver_…') });

const params = z.object({ id: verificationId });

/**
 * What cannot be an id is an unknown one: there is nothing to learn from the difference.
 *
 * @throws {ProblemError} not_found
 */
export function parseIdParam(received: unknown): string {
  const parsed = params.safeParse(received);
  if (parsed.success) return parsed.data.id;
  throw new ProblemError('not_found');
}

/** @throws {ProblemError} not_found, also for another client's: whether an id exists is its owner's business */
export async function readOwn(
  { redis, keys, log }: OwnVerificationDeps,
  id: string,
  clientId: string,
): Promise<VerificationRecord> {
  const reading = await readRecord(redis, keys, id);
  if (reading.status === 'unreadable') logUnreadable(log, reading.fields, id);
  if (reading.status !== 'found' || reading.record.clientId !== clientId) throw new ProblemError('not_found');
  return reading.record;
}

export function logUnreadable(log: ProducerLog, fields: readonly string[], id: string): void {
  log.error({ event: 'record_unreadable', verification: id, fields }, 'a record cannot be read');
}
