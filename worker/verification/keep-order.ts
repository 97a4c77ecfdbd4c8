import type { Logger } from 'pino';
import type { Priority } from '../../shared/contract/verification.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { landRetries, placeVerifications } from '../../shared/store/shares/place.ts';
import { rebaseTags, weighSomeClients } from '../../shared/store/shares/weigh-clients.ts';

export interface OrderDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: Logger;
  readonly isAccountOpen: () => Promise<boolean>;
}

export interface KeepingOrder {
  stop(): Promise<void>;
}

/** Slots do most of it. What they do not reach is found so soon. */
const EVERY_MS = 1_000;
/** One worker does a turn for all; a little less than the time between two of its own. */
const TURN_MS = 950;
/** Each takes Redis some microseconds. */
const LANDED_AT_ONCE = 200;
const LOOKED_AT_ONCE = 250;
/** While verifications without a place are found, as after an upgrade or a lost key. */
const SLICES_AT_MOST = 40;
/** Turns of one worker. The room in the tags lasts for years. */
const TURNS_BETWEEN_REBASES = 60;

/**
 * Keeps the order of what waits where no call does: while nothing is asked, retries get their places; verifications that have
 * none (an earlier version queued them, a key was lost) get one; and other weights of clients take effect.
 */
export function keepOrder(deps: OrderDeps): KeepingOrder {
  const walk = createOrderWalk(deps);
  let turn: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    turn = takeOrderTurn(deps, walk).catch((error: unknown) => {
      deps.log.debug({ event: 'order_turn_failed', err: error }, 'the order of what waits stays as it is');
    });
  }, EVERY_MS).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await turn;
    },
  };
}

/** Where the walks through what waits, and through the clients, have come to. */
export interface OrderWalk {
  /** Places what has none: the head of the line, and a slice further on. @returns how many */
  placeUnplaced(): Promise<number>;
  weighClients(): Promise<void>;
}

export function createOrderWalk(deps: Pick<OrderDeps, 'redis' | 'keys'>): OrderWalk {
  const { redis, keys } = deps;
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  const cursors: Record<Priority, string> = { interactive: '0', bulk: '0' };
  let offset = 0;
  let turns = 0;
  const placeSlice = async (from: number): Promise<{ readonly seen: number; readonly placed: number }> => {
    const ids = await redis.zrange(prioritized, String(from), String(from + LOOKED_AT_ONCE - 1));
    const placed = ids.length === 0 ? 0 : await placeVerifications(deps, 'unplaced', ids);
    return { seen: ids.length, placed };
  };
  return {
    placeUnplaced: async () => {
      let slice = await placeSlice(0);
      let { placed } = slice;
      for (let slices = 0; slices < SLICES_AT_MOST; slices += 1) {
        if (offset > 0) {
          slice = await placeSlice(offset);
          placed += slice.placed;
        }
        offset = slice.seen < LOOKED_AT_ONCE ? 0 : offset + LOOKED_AT_ONCE;
        if (slice.placed === 0 || offset === 0) break;
      }
      return placed;
    },
    weighClients: async () => {
      const rebases = turns % TURNS_BETWEEN_REBASES === 0;
      turns += 1;
      for (const priority of ['interactive', 'bulk'] as const) {
        cursors[priority] = await weighSomeClients(deps, priority, cursors[priority]);
        if (rebases) await rebaseTags(deps, priority);
      }
    },
  };
}

/** One turn, if no other worker has taken it. */
export async function takeOrderTurn(deps: OrderDeps, walk: OrderWalk): Promise<void> {
  const { redis, keys, isAccountOpen } = deps;
  const ours = await redis.set(keys.sharesTurn(), '1', 'PX', TURN_MS, 'NX');
  if (ours === null) return;
  if (await isAccountOpen()) await landRetries(deps, LANDED_AT_ONCE);
  await walk.weighClients();
  const placed = await walk.placeUnplaced();
  if (placed > 0)
    deps.log.info({ event: 'verifications_placed', placed }, 'what waited without a place has one');
}
