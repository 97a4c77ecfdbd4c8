import type { Redis } from 'ioredis';
import { walkSortedSet } from '../endpoints/walk-sorted-set.ts';
import type { StoreKeys } from '../keys.ts';
import { readRecords } from '../verifications/read.ts';
import type { VerificationRecord } from '../verifications/verification-record.ts';

/** What is still to be done for a client. */
export interface OpenWork {
  /** Verifications without an outcome. */
  readonly waiting: readonly string[];
  /** Verifications whose event is on its way, or waits to be. Dead letters are not among them: they have been given up. */
  readonly undelivered: readonly string[];
}

const PAGE = 500;

/** Reads every record of the client once: a question for an operator, and for no request. */
export async function findOpenWork(redis: Redis, keys: StoreKeys, clientId: string): Promise<OpenWork> {
  const waiting: string[] = [];
  const undelivered: string[] = [];
  const note = async (ids: readonly string[]) => {
    for (const reading of await readRecords(redis, keys, ids)) {
      if (reading.status !== 'found') continue;
      if (isWaiting(reading.record)) waiting.push(reading.record.id);
      else if (isUndelivered(reading.record)) undelivered.push(reading.record.id);
    }
  };
  let page: string[] = [];
  const whole = { min: 0, max: Number.MAX_SAFE_INTEGER, pageSize: PAGE };
  for await (const { member } of walkSortedSet(redis, { key: keys.clientIndex(clientId), ...whole })) {
    page.push(member);
    if (page.length < PAGE) continue;
    await note(page);
    page = [];
  }
  await note(page);
  return { waiting, undelivered };
}

const isWaiting = ({ outcome, status }: VerificationRecord): boolean =>
  outcome === null && status !== 'cancelled';

const isUndelivered = ({ outcome, delivery }: VerificationRecord): boolean =>
  outcome !== null && delivery.status !== 'delivered' && delivery.status !== 'dead';
