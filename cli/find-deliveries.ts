import { walkSortedSet } from '../shared/store/endpoints/walk-sorted-set.ts';
import { openJobQueue } from '../shared/store/queue/job-queue.ts';
import { jobData } from '../shared/store/queue/verification-flow.ts';
import { readRecords } from '../shared/store/verifications/read.ts';
import type { VerificationRecord } from '../shared/store/verifications/verification-record.ts';
import type { Connection } from './connection.ts';

/** Deliveries that need an operator's attention. */
export const troubledStatuses = ['held', 'dead', 'retrying'] as const;
export type TroubledStatus = (typeof troubledStatuses)[number];

export interface DeliveryQuery {
  readonly statuses: readonly TroubledStatus[];
  readonly clientId: string | null;
  readonly limit: number;
}

const PAGE_SIZE = 200;

/** Where each status is found: dead letters and held events have sets of their own, retries are delayed jobs. */
const idsOf = {
  held: listHeldIds,
  dead: listDeadIds,
  retrying: listDelayedIds,
} as const satisfies Record<TroubledStatus, (connection: Connection) => AsyncGenerator<string>>;

/** The deliveries that are in one of these states now; of each state the longest in it first. */
export async function findDeliveries(
  connection: Connection,
  { statuses, clientId, limit }: DeliveryQuery,
): Promise<VerificationRecord[]> {
  const found = new Map<string, VerificationRecord>();
  for (const status of statuses) {
    for await (const ids of inPages(idsOf[status](connection))) {
      for (const record of await readInStatus(connection, ids, status)) {
        if (clientId === null || record.clientId === clientId) found.set(record.id, record);
      }
      if (found.size >= limit) return [...found.values()].slice(0, limit);
    }
  }
  return [...found.values()];
}

/** The records decide: a set may still name what has moved on since. */
async function readInStatus(
  { redis, keys }: Connection,
  ids: readonly string[],
  status: TroubledStatus,
): Promise<VerificationRecord[]> {
  const readings = await readRecords(redis, keys, ids);
  return readings.flatMap((reading) =>
    reading.status === 'found' && reading.record.delivery.status === status ? [reading.record] : [],
  );
}

async function* inPages(ids: AsyncGenerator<string>): AsyncGenerator<string[]> {
  let page: string[] = [];
  for await (const id of ids) {
    page.push(id);
    if (page.length < PAGE_SIZE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function* listDeadIds({ redis, keys }: Connection): AsyncGenerator<string> {
  yield* walkIds(redis, keys.deadLetters());
}

async function* listHeldIds({ redis, keys }: Connection): AsyncGenerator<string> {
  for (const endpoint of (await redis.smembers(keys.heldEndpoints())).sort()) {
    yield* walkIds(redis, keys.heldDeliveries(endpoint));
  }
}

async function* walkIds(redis: Connection['redis'], key: string): AsyncGenerator<string> {
  const whole = { min: 0, max: Number.MAX_SAFE_INTEGER, pageSize: PAGE_SIZE };
  for await (const { member } of walkSortedSet(redis, { key, ...whole })) yield member;
}

async function* listDelayedIds({ redis, keys }: Connection): AsyncGenerator<string> {
  const queue = openJobQueue(redis, keys, keys.deliveryQueue, () => undefined);
  try {
    for (let start = 0; ; start += PAGE_SIZE) {
      const jobs = await queue.getDelayed(start, start + PAGE_SIZE - 1);
      for (const job of jobs) {
        const data = jobData.safeParse(job?.data);
        if (data.success) yield data.data.id;
      }
      if (jobs.length < PAGE_SIZE) return;
    }
  } finally {
    await queue.close();
  }
}
