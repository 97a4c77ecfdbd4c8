import { randomBytes } from 'node:crypto';
import type { AccountKeys } from '../../store/keys.ts';
import type { RedisLog } from '../../store/redis/connect.ts';
import { describeRedisError } from '../../store/redis/failure.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import type { LaneChange, LaneEvidence } from './lane-call.ts';
import { LaneDoor } from './lane-door.ts';
import { type LaneOptions, resolveLaneSettings } from './lane-settings.ts';
import { type LaneState, readLaneState } from './lane-state.ts';
import { type Grant, type GrantedSlot, SlotLine, type TakeOptions } from './slot-line.ts';

export interface LaneDeps {
  /** Neither a blocking connection nor one with large transfers in front of the lane's short calls. */
  readonly redis: Redis;
  readonly keys: AccountKeys;
  readonly options?: LaneOptions;
  readonly log: RedisLog;
}

/** This process' end of the lane: slots, what attempts told about the lane, and the operator's switches. */
export interface Lane {
  /**
   * Waits for a slot. Have the request signed and all but its last bytes sent before; write those in the tick in which
   * the promise resolves. Rejects only when the signal aborts or the lane is closed; while Redis is away it waits.
   */
  take(options?: TakeOptions): Promise<Grant>;
  /**
   * Tells the lane what the attempt made with `slot` showed. Call it for every attempt, as soon as it is known.
   * Resolves when the lane knows, for evidence that changes what is granted next; at once for the rest. Never rejects:
   * what could not be told is told with the next call.
   *
   * @param about see `LaneReport`
   */
  report(evidence: LaneEvidence, slot: GrantedSlot, code: string, about: string): Promise<void>;
  /** Holds the lane as an account fault would: probes only. */
  hold(reason: string): Promise<void>;
  /** No slots at all, not even probes, until `resume`. */
  pause(reason: string): Promise<void>;
  /** Ends a pause, a hold and a slow phase at once. */
  resume(): Promise<void>;
  state(): Promise<LaneState>;
  /** Rejects who still waits and tells the lane what it has not heard yet. The Redis connection stays open. */
  close(): Promise<void>;
}

/** Evidence that moves nothing right now rides on the next call, at the latest after this long. */
const NEWS_MS = 200;

export function createLane({ redis, keys, options, log }: LaneDeps): Lane {
  const settings = resolveLaneSettings(options);
  const door = new LaneDoor({
    redis,
    key: keys.quota(),
    settings,
    onChange: (change) => logChange(log, keys.lane, change),
    onReach: (error) => logReach(log, keys.lane, error),
  });
  const line = new SlotLine({
    id: randomBytes(6).toString('hex'),
    door,
    toleranceMs: settings.toleranceUs / 1000,
  });
  let newsTimer: NodeJS.Timeout | undefined;

  async function tell(): Promise<void> {
    clearTimeout(newsTimer);
    newsTimer = undefined;
    await door.flush();
  }

  return {
    take: (takeOptions) => line.take(takeOptions),
    async report(evidence, slot, code, about) {
      door.noteReport([slot.seq, evidence, code, about]);
      if (slot.probe || (evidence !== 'answered' && evidence !== 'failed')) return tell();
      newsTimer ??= setTimeout(tell, NEWS_MS).unref();
    },
    async hold(reason) {
      await door.call({ op: 'hold', reason });
    },
    async pause(reason) {
      await door.call({ op: 'pause', reason });
    },
    async resume() {
      await door.call({ op: 'resume' });
    },
    state: () => readLaneState(redis, keys),
    async close() {
      await line.close();
      await tell();
    },
  };
}

const CHANGE_LINES = {
  held: { event: 'lane_held', level: 'warn', text: 'Lane held: the account is at fault, probing' },
  slow: { event: 'lane_slow', level: 'warn', text: 'Lane slow: the upstream does not answer, probing' },
  paused: { event: 'lane_paused', level: 'warn', text: 'Lane paused by an operator' },
  resumed: { event: 'lane_resumed', level: 'info', text: 'Lane resumed' },
  restarted: {
    event: 'lane_restarted',
    level: 'warn',
    text: 'Lane silent for a second: its log of slots cannot be trusted',
  },
  rate: { event: 'lane_rate', level: 'warn', text: 'Lane rate changed' },
} as const satisfies Record<LaneChange['name'], { event: string; level: 'info' | 'warn'; text: string }>;

/** One line per change of the lane, written by the process whose call brought it about. */
function logChange(log: LaneDeps['log'], lane: string, change: LaneChange): void {
  const { event, level, text } = CHANGE_LINES[change.name];
  log[level]({ event, lane, detail: change.detail }, text);
}

/** One line when the lane falls silent and one when it answers again, not one per attempt to ask it. */
function logReach(log: LaneDeps['log'], lane: string, error: unknown): void {
  if (error === undefined) log.info({ event: 'lane_reachable', lane }, 'Lane reachable again');
  else
    log.warn(
      { event: 'lane_unreachable', lane, error: describeRedisError(error) },
      'Cannot reach the lane: granting nothing until Redis answers',
    );
}
