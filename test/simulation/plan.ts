import { z } from 'zod';
import { SeededRandom } from './world/random.ts';

export const FAULT_KINDS = [
  'kill_worker',
  'stop_worker',
  'freeze_worker',
  'kill_producer',
  'reset_connections',
  'lose_reply',
  'redis_full',
  'redis_failover',
  'redis_restart',
  'flush_scripts',
  'redis_clock_step',
  'worker_clock_step',
  'upstream_down',
  'receiver_down',
] as const;

const fault = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  /** Ms since the beginning. */
  at: z.number(),
  forMs: z.number(),
  /** Which of several. */
  which: z.number().int(),
});
export type Fault = z.output<typeof fault>;

const answer = z.strictObject({
  code: z.string(),
  latencyMs: z.number().int(),
  fault: z.string().optional(),
});
export type PlannedAnswer = z.output<typeof answer>;

const RECEIVER_LIES = ['refuses', 'closes', 'stores_and_resets', 'slow', 'half_answer'] as const;
export type ReceiverLie = (typeof RECEIVER_LIES)[number];

const client = z.strictObject({ weight: z.number().int().min(1).max(1_000) });

const order = z.strictObject({
  job: z.number().int(),
  /** Which of the clients submits it. */
  client: z.number().int().default(0),
  at: z.number(),
  priority: z.enum(['interactive', 'bulk']),
  /** What the first calls about this person are answered; the last one stays. */
  answers: z.array(answer).min(1),
  /** What the first deliveries meet. */
  lies: z.array(z.enum(RECEIVER_LIES)),
});
export type Order = z.output<typeof order>;

/** Everything that one simulation is going to do. The order of what happens follows from the seed. */
export const plan = z.strictObject({
  seed: z.number().int(),
  clients: z
    .array(client)
    .min(1)
    .default(() => [{ weight: 100 }]),
  orders: z.array(order),
  faults: z.array(fault),
});
export type Plan = z.output<typeof plan>;

export const SUBMIT_FROM_MS = 1_000;
export const SUBMIT_UNTIL_MS = 5_000;
const FAULTS_UNTIL_MS = 10_000;

const FINAL_CODES = [
  'Success',
  'Success',
  'Success',
  'FailedOperation.CompareLowSimilarity',
  'FailedOperation.IdNameMisMatch',
  'FailedOperation.LifePhotoPoorQuality',
  'FailedOperation.NoIdInfo',
] as const;

const TRANSIENT_CODES = [
  'FailedOperation.CompareSystemError',
  'InternalError',
  'FailedOperation.ServerError',
  'RequestLimitExceeded',
  'FailedOperation.UnKnown',
] as const;

const UNREADABLE = ['reset', 'close', 'half_body', 'truncated_json', 'garbage', 'http_502', 'empty'] as const;

type FaultKind = Fault['kind'];

/** Both included. */
interface Count {
  readonly min: number;
  readonly max: number;
}

/**
 * What a seed is about. Faults of every kind at once seldom meet where it matters; a seed that is about one thing often does
 * (swarm testing: Groce and others, 2012).
 */
interface Theme {
  readonly name: string;
  /** Of a hundred seeds. */
  readonly share: number;
  readonly kinds: readonly FaultKind[];
  readonly faults: Count;
  /** By how many times the verifications are more than asked for. */
  readonly crowd: number;
  /** All at once, after the limiter has been still for a while. */
  readonly burst: boolean;
  readonly latencyMs: readonly [from: number, to: number] | null;
  /** How many, one of these numbers. */
  readonly clients?: readonly number[];
  /** Each verification takes one call, and all have one priority: then nothing but shares decides who is next. */
  readonly isPlain?: boolean;
  /** How many processes are killed; all other faults come while one of them starts again. */
  readonly starts?: Count;
  /** Receivers take their time, and do not lie otherwise: then something is in hand at any moment. */
  readonly isSlow?: boolean;
}

const MIXED: Theme = {
  name: 'mixed',
  share: 25,
  kinds: FAULT_KINDS,
  faults: { min: 0, max: 5 },
  crowd: 1,
  burst: false,
  latencyMs: null,
  clients: [1, 1, 2, 4],
};

const THEMES: readonly Theme[] = [
  {
    name: 'shares of several clients',
    share: 10,
    kinds: ['flush_scripts', 'receiver_down', 'kill_producer'],
    faults: { min: 0, max: 2 },
    crowd: 5,
    burst: true,
    latencyMs: [20, 200],
    clients: [2, 2, 3, 4],
    isPlain: true,
  },
  MIXED,
  {
    name: 'processes that start',
    share: 5,
    kinds: [
      'lose_reply',
      'lose_reply',
      'reset_connections',
      'redis_failover',
      'redis_restart',
      'redis_full',
      'flush_scripts',
      'redis_clock_step',
    ],
    faults: { min: 1, max: 3 },
    crowd: 1,
    burst: false,
    latencyMs: [20, 900],
    clients: [1, 1, 2],
    starts: { min: 1, max: 2 },
  },
  {
    name: 'a burst, and workers that end while they hold slots',
    share: 20,
    kinds: [
      'kill_worker',
      'stop_worker',
      'freeze_worker',
      'lose_reply',
      'reset_connections',
      'redis_clock_step',
    ],
    faults: { min: 0, max: 3 },
    crowd: 2,
    burst: true,
    latencyMs: [20, 200],
  },
  {
    name: 'workers that end while answers are under way',
    share: 15,
    kinds: ['kill_worker', 'kill_worker', 'freeze_worker', 'stop_worker', 'reset_connections'],
    faults: { min: 1, max: 3 },
    crowd: 1,
    burst: false,
    latencyMs: [900, 2_700],
  },
  {
    name: 'a Redis that is full',
    share: 10,
    isSlow: true,
    kinds: ['redis_full', 'redis_full', 'flush_scripts', 'receiver_down'],
    faults: { min: 2, max: 4 },
    crowd: 1,
    burst: false,
    latencyMs: [20, 900],
  },
  {
    name: 'failovers',
    share: 10,
    kinds: ['redis_failover'],
    faults: { min: 1, max: 2 },
    crowd: 1,
    burst: false,
    latencyMs: [20, 900],
  },
  {
    name: 'a crowd without faults',
    share: 5,
    kinds: FAULT_KINDS,
    faults: { min: 0, max: 0 },
    crowd: 5,
    burst: true,
    latencyMs: [20, 300],
  },
];

/** When all of a burst are submitted: the limiter then goes by its window alone. */
const BURST_AT_MS = 3_500;

export function makePlan(seed: number, verifications: number): Plan {
  const theme = themeOf(seed);
  const random = new SeededRandom(seed ^ 0x5eed);
  const orders = Array.from({ length: verifications * theme.crowd }, (_, job) =>
    makeOrder(random, job, theme),
  );
  const faults = gatherAtStarts(seed, drawFaults(random, theme.faults, theme), theme);
  return { seed, ...shareOut(seed, orders, theme), faults: faults.sort((a, b) => a.at - b.at) };
}

/** A process starts within some 30 ms of the virtual clock. */
const AROUND_A_START_MS = [-20, 80] as const;

/** Kills processes, by dice of its own, and has the faults come when these are started again. */
function gatherAtStarts(seed: number, faults: readonly Fault[], { starts, ...theme }: Theme): Fault[] {
  if (starts === undefined) return [...faults];
  const random = new SeededRandom(seed ^ 0x57a7);
  const kills = drawFaults(random, starts, { ...theme, kinds: ['kill_worker', 'kill_producer'] });
  const gathered = faults.map((each) => {
    const { at, forMs } = random.pick(kills);
    return { ...each, at: at + forMs + Math.floor(random.between(...AROUND_A_START_MS)) };
  });
  return [...kills, ...gathered];
}

const USUAL_WEIGHT = 100;
const WEIGHTS = [25, 50, USUAL_WEIGHT, USUAL_WEIGHT, 200, 400] as const;

/** Gives the orders to clients, by dice of its own: a seed with one client is what it was. */
function shareOut(
  seed: number,
  orders: readonly Order[],
  { clients: counts, isPlain = false }: Theme,
): Pick<Plan, 'clients' | 'orders'> {
  const random = new SeededRandom(seed ^ 0xc11e);
  const count = random.pick(counts ?? [1]);
  const clients = Array.from({ length: count }, () => ({
    weight: count === 1 ? USUAL_WEIGHT : random.pick(WEIGHTS),
    /** When its burst comes. */
    at: BURST_AT_MS + random.whole(4) * 500,
  }));
  const priority = random.pick(['interactive', 'bulk'] as const);
  const shared = orders.map((order) => {
    const client = random.whole(count);
    const at = clients[client]?.at ?? BURST_AT_MS;
    return isPlain
      ? { ...order, client, at, priority, answers: order.answers.slice(-1) }
      : { ...order, client };
  });
  return { clients: clients.map(({ weight }) => ({ weight })), orders: shared };
}

/** What a seed is about. */
export function themeOf(seed: number): Theme {
  let left = new SeededRandom(seed ^ 0x7e3e).whole(100);
  for (const theme of THEMES) {
    left -= theme.share;
    if (left < 0) return theme;
  }
  return MIXED;
}

function makeOrder(random: SeededRandom, job: number, theme: Theme): Order {
  const latencyMs = (): number => {
    if (theme.latencyMs !== null) return Math.floor(random.between(...theme.latencyMs));
    return Math.floor(random.next() < 0.1 ? random.between(1_000, 4_000) : random.between(20, 600));
  };
  const answers: PlannedAnswer[] = [];
  if (random.next() < 0.3) answers.push({ code: random.pick(TRANSIENT_CODES), latencyMs: latencyMs() });
  if (random.next() < 0.25) {
    answers.push({ code: random.pick(FINAL_CODES), latencyMs: latencyMs(), fault: random.pick(UNREADABLE) });
  }
  answers.push({ code: random.pick(FINAL_CODES), latencyMs: latencyMs() });
  const drawnLies = Array.from({ length: random.next() < 0.3 ? 1 + random.whole(3) : 0 }, () =>
    random.pick(RECEIVER_LIES),
  );
  const lies: readonly ReceiverLie[] = theme.isSlow === true ? ['slow'] : drawnLies;
  return {
    job,
    client: 0,
    // Bursts and calm.
    at: theme.burst ? BURST_AT_MS : drawInstant(random),
    priority: random.next() < 0.3 ? 'bulk' : 'interactive',
    answers,
    lies: [...lies],
  };
}

const drawInstant = (random: SeededRandom): number =>
  Math.floor(
    random.next() < 0.5
      ? SUBMIT_FROM_MS + random.whole(3) * 1_200
      : random.between(SUBMIT_FROM_MS, SUBMIT_UNTIL_MS),
  );

const drawFaults = (random: SeededRandom, { min, max }: Count, theme: Theme): Fault[] =>
  Array.from({ length: min + random.whole(max - min + 1) }, () => makeFault(random, theme));

function makeFault(random: SeededRandom, { kinds, burst }: Theme): Fault {
  return {
    kind: random.pick(kinds),
    at: Math.floor(random.between(burst ? BURST_AT_MS : SUBMIT_FROM_MS, FAULTS_UNTIL_MS - 3_500)),
    forMs: Math.floor(random.next() < 0.5 ? random.between(50, 900) : random.between(900, 3_500)),
    which: random.whole(1_000),
  };
}
