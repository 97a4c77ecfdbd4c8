import type { PromisesAtRisk } from '../contract/promises-at-risk.ts';
import type { Priority } from '../contract/verification.ts';
import { readRepeats } from '../store/clients/repeats.ts';
import { readWeightSum } from '../store/clients/weight-sum.ts';
import type { StoreKeys } from '../store/keys.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import { readWaitingClients, sampleLine, type WaitingClient } from '../store/shares/sample-line.ts';
import { computeExtension } from '../store/verifications/promised-time.ts';
import { readRecords } from '../store/verifications/read.ts';
import { type AccountReading, lostOf, quotaOf, selectPromised } from './account-readings.ts';
import { type LaneReading, readLane } from './lane-overview.ts';
import { computeGuaranteedRate, computePromiseTerms, type PromiseFacts } from './promise-terms.ts';
import { computeDelay, reweighLead, type Standing } from './weigh-promise.ts';

export interface WeighDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  /** ms epoch */
  readonly now: () => number;
}

/** Another weight for a client. */
export interface Reweighing {
  readonly clientId: string;
  readonly weight: number;
}

/** The most waiting of each priority. Each may need as many records as a sample has. */
const MOST_CLIENTS = 100;
const SAMPLE = 50;
const MOST_SHOWN = 20;

type ClientAtRisk = PromisesAtRisk['data'][number];

/**
 * Which promised times another weight may break. They were computed with the weights at their submission: a raised weight
 * lowers the share of all others, a lowered one the client's own. Nothing is changed by looking.
 *
 * Its cost is bounded: 100 clients of a priority, 50 verifications of each. To be called before the weight is changed.
 */
export async function findPromisesAtRisk(deps: WeighDeps, change: Reweighing): Promise<PromisesAtRisk> {
  const { redis, keys } = deps;
  const [lane, sum] = await Promise.all([
    readLane(redis, keys, 0),
    readWeightSum(redis, keys, change.clientId),
  ]);
  // One that may not submit and has no work counts for no promise, whatever its weight.
  const counts = (await redis.hexists(keys.weightSum(), change.clientId)) === 1;
  const grown = counts ? change.weight - sum.weight : 0;
  const found = new Map<string, ClientAtRisk>();
  let isSampled = false;
  for (const priority of ['interactive', 'bulk'] as const) {
    const { clients, left } = await readWaitingClients(redis, keys, priority, MOST_CLIENTS);
    isSampled ||= left > 0;
    for (const client of clients) {
      isSampled ||= client.waiting > SAMPLE;
      const weights = { before: client.weight, after: client.weight, sum: sum.sum, clients: sum.clients };
      if (client.clientId === change.clientId) weights.after = change.weight;
      const standings = standingsOf(client, weights, grown, {
        priority,
        perSecond: rateOf(lane, client.clientId, priority),
      });
      if (standings === null) continue;
      add(found, await weighClient(deps, { client, priority, standings, accounts: lane.accounts }));
    }
  }
  const all = [...found.values()].sort((a, b) => b.verifications - a.verifications);
  return {
    verifications: all.reduce((total, { verifications }) => total + verifications, 0),
    clients: all.length,
    isSampled,
    data: all.slice(0, MOST_SHOWN),
  };
}

function rateOf({ accounts, bulkShare }: LaneReading, clientId: string, priority: Priority): number {
  if (bulkShare === null) return 0;
  const quotaPerSecond = selectPromised(accounts, clientId).reduce((sum, each) => sum + quotaOf(each), 0);
  return computeGuaranteedRate(priority, { quotaPerSecond, bulkShare });
}

interface Weights {
  readonly before: number;
  readonly after: number;
  readonly sum: number;
  readonly clients: number;
}

interface Standings {
  readonly before: Standing;
  readonly after: Standing;
}

/** Null where nothing is promised. */
function standingsOf(
  { lead }: WaitingClient,
  { before, after, sum, clients }: Weights,
  grown: number,
  part: Pick<PromiseFacts, 'priority' | 'perSecond'>,
): Standings | null {
  const termsOf = (weight: number, weightOfAll: number) =>
    computePromiseTerms({ ...part, weight, weightOfAll, clients });
  const [termsBefore, termsAfter] = [termsOf(before, sum), termsOf(after, sum + grown)];
  if (termsBefore === null || termsAfter === null) return null;
  return {
    before: { terms: termsBefore, weight: before, lead },
    after: { terms: termsAfter, weight: after, lead: reweighLead(lead, before, after) },
  };
}

interface Weighing {
  readonly client: WaitingClient;
  readonly priority: Priority;
  readonly standings: Standings;
  readonly accounts: readonly AccountReading[];
}

async function weighClient(
  { redis, keys, now: readNow }: WeighDeps,
  { client, priority, standings, accounts }: Weighing,
): Promise<ClientAtRisk> {
  const { clientId, waiting } = client;
  const sample = await sampleLine(redis, keys, { clientId, priority, waiting, size: SAMPLE });
  const ids = sample.map(({ id }) => id);
  const [records, repeats] = await Promise.all([
    readRecords(redis, keys, ids),
    readRepeats(redis, keys, clientId),
  ]);
  const now = readNow();
  const delays = records.flatMap((read, i) => {
    const promise = read.status === 'found' ? read.record.promise : null;
    // What was asked about once has had its promise kept, or not.
    if (read.status !== 'found' || promise === null || promise.isWaived) return [];
    if (read.record.attempts.length > 0) return [];
    const totals = { lost: lostOf(accounts, promise), repeats };
    const by = promise.by + (computeExtension(promise, totals)?.byMs ?? 0);
    const delay = computeDelay(by, sample[i]?.ahead ?? 0, { ...standings, now });
    return delay > 0 ? [delay] : [];
  });
  const part = sample.length === 0 ? 0 : delays.length / sample.length;
  return {
    clientId,
    verifications: Math.round(part * waiting),
    waiting,
    laterSeconds: Math.ceil(Math.max(0, ...delays) / 1000),
  };
}

/** A client may have something waiting in both priorities. */
function add(found: Map<string, ClientAtRisk>, more: ClientAtRisk): void {
  if (more.verifications === 0) return;
  const known = found.get(more.clientId);
  found.set(more.clientId, {
    clientId: more.clientId,
    verifications: more.verifications + (known?.verifications ?? 0),
    waiting: more.waiting + (known?.waiting ?? 0),
    laterSeconds: Math.max(more.laterSeconds, known?.laterSeconds ?? 0),
  });
}
