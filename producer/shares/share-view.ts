import type { ClientShare } from '../../shared/contract/client-share.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { type Activity, readActivity } from '../../shared/store/shares/read-activity.ts';
import { countWaiting, readLine } from '../../shared/store/shares/read-line.ts';
import type { LaneView } from '../lane-view.ts';
import { computePartHad, computeShares, type Share } from './compute-shares.ts';

export interface ClientStanding extends ClientShare {
  readonly interactive: number;
  readonly bulk: number;
  /** ms epoch */
  readonly oldestAt: number | null;
}

export interface BusyClient extends ClientShare {
  readonly clientId: string;
}

/** The clients that have most waiting, and all others that wait or had calls together. */
export interface BusyClients {
  readonly clients: readonly BusyClient[];
  readonly others: {
    readonly clients: number;
    readonly weight: number;
    readonly waiting: number;
    readonly callsLastMinute: number;
    readonly shareDue: number;
    readonly shareHad: number | null;
  };
}

export interface ShareView {
  /** @param weight of the client, as its record has it */
  of(client: { readonly id: string; readonly weight: number }): Promise<ClientStanding>;
  /** @param atMost shown one by one, the most waiting first */
  readBusiest(atMost: number): Promise<BusyClients>;
}

export interface ShareViewDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  /** ms epoch */
  readonly now: () => number;
}

/** Requests within so long share one look: with 10,000 clients waiting it takes some milliseconds. */
const FRESH_MS = 1_000;
/** Whose lines are counted. With more clients waiting, some are among the others, with nothing waiting. */
const MOST_COUNTED = 10_000;

interface Look extends Activity {
  readonly shares: ReadonlyMap<string, Share>;
}

/** Every client's part of the quota, due and had. */
export function createShareView({ redis, keys, lane, now }: ShareViewDeps): ShareView {
  let latest: { readonly at: number; readonly look: Promise<Look> } | undefined;
  const look = (): Promise<Look> => {
    const at = now();
    if (latest !== undefined && at - latest.at < FRESH_MS) return latest.look;
    const reading = Promise.all([readActivity(redis, keys, at), lane.readAll()]).then(
      // Without a worker since the start of the lane nothing has been asked, and no share of bulk is known.
      ([activity, { bulkShare }]) => ({ ...activity, shares: computeShares(activity, bulkShare ?? 0) }),
    );
    latest = { at, look: reading };
    // Not remembered: the next one asks again.
    reading.catch(() => {
      latest = undefined;
    });
    return reading;
  };
  const present = async (
    { clients, calls, shares }: Look,
    { id, weight }: { readonly id: string; readonly weight: number },
  ): Promise<ClientStanding> => {
    const { interactive, bulk, oldestAt } = await readLine(redis, keys, id);
    // One that neither waits nor had calls has no share due, and none of the calls.
    const { due, had } = shares.get(id) ?? { due: null, had: computePartHad(0, calls) };
    return {
      weight,
      waiting: interactive + bulk,
      callsLastMinute: clients.get(id)?.calls ?? 0,
      shareDue: due,
      shareHad: had,
      oldestWaitingSeconds: oldestAt === null ? null : Math.max(0, (now() - oldestAt) / 1000),
      interactive,
      bulk,
      oldestAt,
    };
  };
  return {
    of: async (client) => present(await look(), client),
    readBusiest: async (atMost) => {
      const seen = await look();
      const waiting = await countLines(redis, keys, seen);
      const ranked = rankClients(seen, waiting);
      const clients = await Promise.all(
        ranked.slice(0, atMost).map(async (id) => {
          const standing = await present(seen, { id, weight: weightOf(seen, id) });
          return { clientId: id, ...presentShare(standing) };
        }),
      );
      return { clients, others: sumOthers(seen, waiting, ranked.slice(atMost), clients) };
    },
  };
}

/** What is shown of it. */
export function presentShare({ interactive, bulk, oldestAt, ...share }: ClientStanding): ClientShare {
  return share;
}

const weightOf = ({ clients }: Look, id: string): number => clients.get(id)?.weight ?? 0;

/** Of each client that waits, its verifications of both priorities. */
async function countLines(
  redis: Redis,
  keys: StoreKeys,
  { clients }: Look,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const priority of ['interactive', 'bulk'] as const) {
    const ids = [...clients].flatMap(([id, { waits }]) => (waits[priority] ? [id] : []));
    const found = await countWaiting(redis, keys, priority, ids.slice(0, MOST_COUNTED));
    for (const [id, waiting] of found) counts.set(id, waiting + (counts.get(id) ?? 0));
  }
  return counts;
}

/** The most waiting first, then the most calls; by id where both are the same, so that the order stays. */
function rankClients({ clients }: Look, waiting: ReadonlyMap<string, number>): readonly string[] {
  const number = (id: string) => waiting.get(id) ?? 0;
  const calls = (id: string) => clients.get(id)?.calls ?? 0;
  return [...clients.keys()].sort((a, b) => number(b) - number(a) || calls(b) - calls(a) || (a < b ? -1 : 1));
}

/** Calls of clients that have been deleted since are among those of the others. */
function sumOthers(
  { clients, calls, shares }: Look,
  waiting: ReadonlyMap<string, number>,
  others: readonly string[],
  shown: readonly BusyClient[],
): BusyClients['others'] {
  const sum = (of: (id: string) => number) => others.reduce((total, id) => total + of(id), 0);
  const callsLastMinute = shown.reduce((rest, client) => rest - client.callsLastMinute, calls);
  return {
    clients: others.length,
    weight: sum((id) => clients.get(id)?.weight ?? 0),
    waiting: sum((id) => waiting.get(id) ?? 0),
    callsLastMinute,
    shareDue: sum((id) => shares.get(id)?.due ?? 0),
    shareHad: computePartHad(callsLastMinute, calls),
  };
}
