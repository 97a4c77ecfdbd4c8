import type {
  ConsoleFilteredPage,
  ConsoleVerification,
  ConsoleVerificationDetail,
  ConsoleVerificationPage,
} from '../../shared/contract/console.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import { verificationId } from '../../shared/contract/verification.ts';
import { describeOutcomeZh } from '../../shared/outcomes/describe-outcome-zh.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { readOr } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { asOperatorSees } from '../../shared/store/verifications/person-deferral.ts';
import {
  type IdPage,
  type ListCursor,
  listIndex,
  readRecord,
  readRecords,
} from '../../shared/store/verifications/read.ts';
import { readDeliveryLog } from '../../shared/store/verifications/read-delivery-log.ts';
import { pageReference } from '../../shared/store/verifications/reference-index.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';
import type { LaneView } from '../lane-view.ts';
import { encodeCursor } from '../routes/cursor.ts';

import { presentToOperator, readPositions, readSurroundings } from '../waiting.ts';
import { originOf } from './callback-origins.ts';

export interface FindDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  /** ms epoch */
  readonly now: () => number;
}

interface PageQuery {
  readonly limit: number;
  readonly after: ListCursor | undefined;
}

/** Everybody's verifications, newest first. */
export async function listRecent(deps: FindDeps, query: PageQuery): Promise<ConsoleVerificationPage> {
  return presentPage(deps, await listIndex(deps.redis, deps.keys.allIndex(), query));
}

/** The verification with this id or webhook-id, or those with this very reference, newest first. */
export async function searchVerifications(
  deps: FindDeps,
  text: string,
  limit: number,
): Promise<ConsoleFilteredPage> {
  const id = text.replace(/^evt_/, 'ver_');
  const { ids } = verificationId.safeParse(id).success
    ? { ids: [id] }
    : await pageReference(deps.redis, deps.keys, text, { limit, after: undefined });
  const page = await presentPage(deps, { ids, next: null });
  return { ...page, searched: ids.length, searchedBack: null };
}

/** What is gone meanwhile, or cannot be read, is left out. */
async function presentPage(deps: FindDeps, { ids, next }: IdPage): Promise<ConsoleVerificationPage> {
  const [readings, lane] = await Promise.all([readRecords(deps.redis, deps.keys, ids), deps.lane.read()]);
  return {
    data: readings.flatMap((reading) =>
      reading.status === 'found' ? [presentLine(reading.record, lane)] : [],
    ),
    nextCursor: next && encodeCursor(next),
  };
}

export function presentLine(stored: VerificationRecord, lane: LaneOverview): ConsoleVerification {
  const record = asOperatorSees(stored);
  return {
    id: record.id,
    clientId: record.clientId,
    status: record.status === 'queued' && lane.status === 'held' ? 'held' : record.status,
    reference: record.reference,
    priority: record.priority,
    submittedAt: new Date(record.submittedAt).toISOString(),
    attempts: record.attempts.length,
    verdict: record.outcome?.verdict ?? null,
    code: record.outcome?.code ?? record.attempts.at(-1)?.code ?? null,
    delivery: record.delivery.status,
    deliveryAttempts: record.delivery.attempts,
  };
}

/** One verification with its attempts, and the attempts to deliver its event; null when there is none. */
export async function readDetail(deps: FindDeps, id: string): Promise<ConsoleVerificationDetail | null> {
  const { redis, keys } = deps;
  const [reading, [position = null], deliveries, event] = await Promise.all([
    readRecord(redis, keys, id),
    readPositions(redis, keys, [id]),
    readDeliveryLog(redis, keys, id),
    readOr(redis.hget(keys.record(id), 'event'), null),
  ]);
  if (reading.status !== 'found') return null;
  const { clientId, callbackUrl, outcome } = reading.record;
  const surroundings = await readSurroundings(deps, clientId);
  return {
    clientId,
    // A path may name a customer.
    callbackOrigin: originOf(callbackUrl),
    verification: presentToOperator(reading.record, position, surroundings, deps.now()),
    descriptionZh: outcome === null ? null : describeOutcomeZh(outcome.code),
    deliveries: deliveries.map(({ answer: _, ...attempt }) => attempt),
    event,
    webhookId: webhookId(id),
  };
}
