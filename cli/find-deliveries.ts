import { walkSortedSet } from '../shared/store/endpoints/walk-sorted-set.ts';
import { readJobData } from '../shared/store/queue/job-data.ts';
import { openJobQueue } from '../shared/store/queue/job-queue.ts';
import { passBy, passByWalk, type ReportPassedBy } from '../shared/store/redis/pass-by.ts';
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
  readonly report: ReportPassedBy;
}

const PAGE_SIZE = 200;

type ListIds = (connection: Connection, report: ReportPassedBy) => AsyncGenerator<string>;

/** Where each status is found: dead letters and held events have sets of their own, retries are delayed jobs. */
const idsOf = {
  held: listDeferredIds,
  dead: listDeadIds,
  retrying: listDelayedIds,
} as const satisfies Record<TroubledStatus, ListIds>;

/** The deliveries that are in one of these states now; of each state the longest in it first. */
export async function findDeliveries(
  connection: Connection,
  { statuses, clientId, limit, report }: DeliveryQuery,
): Promise<VerificationRecord[]> {
  const found = new Map<string, VerificationRecord>();
  for (const status of statuses) {
    for await (const ids of inPages(idsOf[status](connection, report))) {
      for (const record of await readInStatus(connection, ids, { status, report })) {
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
  { status, report }: { readonly status: TroubledStatus; readonly report: ReportPassedBy },
): Promise<VerificationRecord[]> {
  const readings = await readRecords(redis, keys, ids);
  for (const [i, reading] of readings.entries()) {
    if (reading.status === 'unreadable')
      report(ids[i] ?? '', `these fields are damaged: ${reading.fields.join(', ') || 'all'}`);
  }
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

async function* listDeferredIds({ redis, keys }: Connection, report: ReportPassedBy): AsyncGenerator<string> {
  for (const endpoint of (await redis.smembers(keys.deferringEndpoints())).sort()) {
    yield* passByWalk(endpoint, report, walkIds(redis, keys.deferredDeliveries(endpoint)));
  }
}

async function* walkIds(redis: Connection['redis'], key: string): AsyncGenerator<string> {
  const whole = { min: 0, max: Number.MAX_SAFE_INTEGER, pageSize: PAGE_SIZE };
  for await (const { member } of walkSortedSet(redis, { key, ...whole })) yield member;
}

async function* listDelayedIds({ redis, keys }: Connection, report: ReportPassedBy): AsyncGenerator<string> {
  const queue = openJobQueue(redis, keys, keys.deliveryQueue, { onError: () => undefined });
  try {
    // BullMQ's own list of jobs fails as a whole for one that it cannot read.
    for await (const jobId of walkIds(redis, keys.queueKey(keys.deliveryQueue, 'delayed'))) {
      const data = await passBy(`job ${jobId}`, report, async () => (await queue.getJob(jobId))?.data);
      const read = readJobData(jobId, data);
      if (read !== null) yield read.id;
    }
  } finally {
    await queue.close();
  }
}
