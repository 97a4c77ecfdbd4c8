import { type Dice, makeDice } from './dice.ts';

/**
 * What a fault takes hold of. Two faults of one group never overlap: two of Redis at once would undo each other, and what
 * was under test could not be named afterwards. Faults of different groups do overlap.
 */
export type FaultGroup = 'worker' | 'producer' | 'redis' | 'link' | 'locks' | 'upstream' | 'receiver';

interface FaultColumns {
  readonly group: FaultGroup;
  /** How long it lasts, in ms; of a fault that counts, how long it waits for its occasions at most. */
  readonly ms: readonly [min: number, max: number];
  /** Occasions it spoils: replies, calls or posts. Absent where it has none. */
  readonly count?: readonly [min: number, max: number];
}

/** Every kind of fault, by name. `inflict.ts` has what each one does. */
export const FAULTS = {
  worker_kill: { group: 'worker', ms: [0, 1_000] },
  /** Longer than the lock of a job, which is 8 s. */
  worker_stop: { group: 'worker', ms: [9_000, 12_000] },
  producer_kill: { group: 'producer', ms: [0, 500] },
  redis_crash: { group: 'redis', ms: [200, 3_000] },
  redis_stop: { group: 'redis', ms: [1_000, 9_000] },
  redis_restart: { group: 'redis', ms: [0, 500] },
  script_flush: { group: 'redis', ms: [300, 800] },
  refused_memory: { group: 'redis', ms: [1_500, 4_000] },
  refused_replicas: { group: 'redis', ms: [1_500, 4_000] },
  /** Long enough for a process to come up in it. */
  start_refused: { group: 'redis', ms: [5_000, 7_000] },
  failover: { group: 'redis', ms: [0, 300] },
  /** The old primary stays reachable for a while, and answers READONLY. */
  failover_late: { group: 'redis', ms: [1_000, 3_000] },
  lost_reply_submission: { group: 'link', ms: [2_500, 2_500], count: [1, 2] },
  lost_reply_claim: { group: 'link', ms: [2_500, 2_500], count: [1, 3] },
  lost_reply_sending: { group: 'link', ms: [2_500, 2_500], count: [1, 3] },
  lost_reply_outcome: { group: 'link', ms: [2_500, 2_500], count: [1, 3] },
  lost_reply_delivery: { group: 'link', ms: [2_500, 2_500], count: [1, 3] },
  half_reply: { group: 'link', ms: [2_500, 2_500], count: [2, 5] },
  /** A worker's link is silent for longer than its locks last; the worker itself goes on. */
  link_freeze: { group: 'link', ms: [9_000, 12_000] },
  lock_loss: { group: 'locks', ms: [0, 0], count: [2, 6] },
  upstream_down: { group: 'upstream', ms: [1_000, 3_000] },
  upstream_drop: { group: 'upstream', ms: [2_500, 2_500], count: [2, 6] },
  upstream_half_answer: { group: 'upstream', ms: [2_500, 2_500], count: [1, 3] },
  upstream_5xx: { group: 'upstream', ms: [2_500, 2_500], count: [2, 8] },
  upstream_garbage: { group: 'upstream', ms: [2_500, 2_500], count: [1, 4] },
  upstream_slow: { group: 'upstream', ms: [2_500, 2_500], count: [2, 8] },
  upstream_timeout: { group: 'upstream', ms: [2_500, 2_500], count: [1, 3] },
  upstream_transient: { group: 'upstream', ms: [2_500, 2_500], count: [3, 10] },
  upstream_limit: { group: 'upstream', ms: [2_500, 2_500], count: [3, 10] },
  receiver_down: { group: 'receiver', ms: [1_000, 3_000] },
  receiver_5xx: { group: 'receiver', ms: [2_500, 2_500], count: [3, 12] },
  /** A 503 with two `Retry-After` headers, which Node hands out as a list. */
  receiver_two_headers: { group: 'receiver', ms: [2_500, 2_500], count: [1, 3] },
  receiver_closes: { group: 'receiver', ms: [2_500, 2_500], count: [3, 10] },
  /** The event is stored, and the acknowledgement is lost. */
  receiver_reset_after: { group: 'receiver', ms: [2_500, 2_500], count: [3, 10] },
  receiver_slow: { group: 'receiver', ms: [2_500, 2_500], count: [3, 8] },
} as const satisfies Record<string, FaultColumns>;

export type FaultKind = keyof typeof FAULTS;

export const faultKinds = Object.keys(FAULTS) as readonly FaultKind[];

export interface Fault {
  readonly id: number;
  readonly kind: FaultKind;
  /** It begins once so many submissions have begun. */
  readonly atJob: number;
  readonly ms: number;
  readonly count: number;
  /** In [0, 1): chooses the victim, where there are several. */
  readonly victim: number;
}

/** One fault for so many jobs, which is what the storm had that found most of what this one looks for. */
const JOBS_PER_FAULT = 44;

/** The share of the jobs at which no fault begins: first the system must be at work, last it must be able to end. */
const CALM = { before: 0.04, after: 0.08 };

/**
 * The faults of one storm: each of `kinds` at least once, in an order and at positions that follow from the seed alone.
 *
 * Positions are counts of submissions, not times: a machine that is slower suffers the same faults at the same work.
 */
export function computeSchedule(
  seed: number,
  jobs: number,
  kinds: readonly FaultKind[] = faultKinds,
): readonly Fault[] {
  const dice = makeDice(seed);
  const count = Math.max(kinds.length, Math.round(jobs / JOBS_PER_FAULT));
  const rounds = Math.ceil(count / kinds.length);
  const order = Array.from({ length: rounds }, () => dice.shuffle(kinds))
    .flat()
    .slice(0, count);
  const first = jobs * CALM.before;
  const step = (jobs * (1 - CALM.before - CALM.after)) / order.length;
  return order.map((kind, id) => ({
    id,
    kind,
    atJob: Math.floor(first + step * (id + dice.next())),
    ...throwFor(dice, FAULTS[kind]),
    victim: dice.next(),
  }));
}

function throwFor(dice: Dice, { ms, count }: FaultColumns): Pick<Fault, 'ms' | 'count'> {
  return { ms: dice.between(...ms), count: count === undefined ? 0 : dice.between(...count) };
}
