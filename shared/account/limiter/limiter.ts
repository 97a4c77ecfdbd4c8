import { randomBytes } from 'node:crypto';
import type { AccountKeys } from '../../store/keys.ts';
import { describeRedisError } from '../../store/redis/failure.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import type { RedisLog } from '../../store/redis/redis-log.ts';
import { watchWriteHistory } from '../../store/redis/write-history.ts';
import { LimiterClient, LOOK_EVERY_MS } from './limiter-client.ts';
import type { Evidence, LimiterChange } from './limiter-command.ts';
import { type LimiterOptions, resolveLimiterSettings } from './limiter-settings.ts';
import { type LimiterState, readLimiterState } from './limiter-state.ts';
import type { Reservation, ReservedSlot } from './reservation.ts';
import { type ReserveOptions, Waiters } from './waiters.ts';

export interface LimiterDeps {
  /** Neither a blocking connection nor one with large transfers in front of the limiter's short commands. */
  readonly redis: Redis;
  readonly keys: AccountKeys;
  readonly options?: LimiterOptions;
  readonly log: RedisLog;
  /** Is called with each change that a command of this process brought about. */
  readonly onChange?: (change: LimiterChange) => void;
}

/** This process' end of the limiter of one upstream account. */
export interface Limiter {
  /**
   * Takes this process in, and keeps it in while it is idle. One that is not in yet waits for 1.18 s before its first slot, if others
   * use the limiter: call it at the start, before there is work. Never rejects.
   */
  join(): Promise<void>;
  /**
   * Reserves a slot: it resolves a little before the slot's instant. Have the request signed and all but its last bytes sent
   * by then. Never rejects; while Redis is away it waits.
   */
  reserve(options?: ReserveOptions): Promise<Reservation>;
  /**
   * Reports what the attempt made with `slot` showed. Call it for every attempt, as soon as it is known.
   * Resolves when the limiter knows, for evidence that changes what is reserved next; at once for the rest. Never rejects:
   * what could not be reported goes with the next command.
   *
   * @param about see `AttemptReport`
   */
  report(
    evidence: Evidence,
    slot: Pick<ReservedSlot, 'seq' | 'probe'>,
    code: string,
    about: string,
  ): Promise<void>;
  state(): Promise<LimiterState>;
  /** Ends every wait and reports what is left to report. The Redis connection stays open. */
  close(): Promise<void>;
}

/** Evidence that moves nothing right now rides on the next command, at the latest after this long. */
const REPORT_MS = 200;

export function createLimiter({ redis, keys, options, log, onChange }: LimiterDeps): Limiter {
  const settings = resolveLimiterSettings(options);
  const client = new LimiterClient({
    redis,
    key: keys.quota(),
    history: watchWriteHistory(redis, keys.quota()),
    id: randomBytes(6).toString('hex'),
    settings,
    onChange: (change) => {
      logChange(log, keys, change);
      onChange?.(change);
    },
    onReach: (error) => logReach(log, keys, error),
  });
  const waiters = new Waiters({ client, toleranceMs: settings.toleranceUs / 1000 });
  let reportTimer: NodeJS.Timeout | undefined;
  let looks: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(reportTimer);
    reportTimer = undefined;
    await client.flush();
  }

  return {
    async join() {
      looks ??= setInterval(() => void client.look(), LOOK_EVERY_MS).unref();
      await client.look();
    },
    reserve: (reserveOptions) => waiters.reserve(reserveOptions),
    async report(evidence, slot, code, about) {
      client.noteAttempt([slot.seq, evidence, code, about]);
      if (slot.probe || (evidence !== 'answered' && evidence !== 'failed')) return flush();
      // While others wait, it rides on the next command: one more would stand before it, and make a slot late.
      reportTimer ??= setTimeout(() => {
        reportTimer = undefined;
        if (!waiters.isServing) void client.flush();
      }, REPORT_MS).unref();
    },
    state: () => readLimiterState(redis, keys),
    async close() {
      clearInterval(looks);
      await waiters.close();
      await flush();
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
} as const satisfies Record<LimiterChange['name'], { event: string; level: 'info' | 'warn'; text: string }>;

/** One line per change of the lane, written by the process whose call brought it about. */
function logChange(log: RedisLog, { lane, account }: AccountKeys, change: LimiterChange): void {
  const { event, level, text } = CHANGE_LINES[change.name];
  log[level]({ event, lane, account, detail: change.detail }, text);
}

/** One line when the lane falls silent and one when it answers again, not one per attempt to ask it. */
function logReach(log: RedisLog, { lane, account }: AccountKeys, error: unknown): void {
  if (error === undefined) log.info({ event: 'lane_reachable', lane, account }, 'Lane reachable again');
  else
    log.warn(
      { event: 'lane_unreachable', lane, account, error: describeRedisError(error) },
      'Redis does not answer: no slots until it does',
    );
}
