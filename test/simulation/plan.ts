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

const order = z.strictObject({
  job: z.number().int(),
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
  orders: z.array(order),
  faults: z.array(fault),
});
export type Plan = z.output<typeof plan>;

export const SUBMIT_FROM_MS = 1_000;
export const SUBMIT_UNTIL_MS = 5_000;
export const FAULTS_UNTIL_MS = 10_000;

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

export function makePlan(seed: number, verifications: number): Plan {
  const random = new SeededRandom(seed ^ 0x5eed);
  const orders = Array.from({ length: verifications }, (_, job) => makeOrder(random, job));
  const faults = Array.from({ length: random.whole(6) }, () => makeFault(random));
  return { seed, orders, faults: faults.sort((a, b) => a.at - b.at) };
}

function makeOrder(random: SeededRandom, job: number): Order {
  const latencyMs = (): number =>
    Math.floor(random.next() < 0.1 ? random.between(1_000, 4_000) : random.between(20, 600));
  const answers: PlannedAnswer[] = [];
  if (random.next() < 0.3) answers.push({ code: random.pick(TRANSIENT_CODES), latencyMs: latencyMs() });
  if (random.next() < 0.25) {
    answers.push({ code: random.pick(FINAL_CODES), latencyMs: latencyMs(), fault: random.pick(UNREADABLE) });
  }
  answers.push({ code: random.pick(FINAL_CODES), latencyMs: latencyMs() });
  const lies = Array.from({ length: random.next() < 0.3 ? 1 + random.whole(3) : 0 }, () =>
    random.pick(RECEIVER_LIES),
  );
  return {
    job,
    // Bursts and calm.
    at: Math.floor(
      random.next() < 0.5
        ? SUBMIT_FROM_MS + random.whole(3) * 1_200
        : random.between(SUBMIT_FROM_MS, SUBMIT_UNTIL_MS),
    ),
    priority: random.next() < 0.3 ? 'bulk' : 'interactive',
    answers,
    lies,
  };
}

function makeFault(random: SeededRandom): Fault {
  return {
    kind: random.pick(FAULT_KINDS),
    at: Math.floor(random.between(SUBMIT_FROM_MS, FAULTS_UNTIL_MS - 3_500)),
    forMs: Math.floor(random.next() < 0.5 ? random.between(50, 900) : random.between(900, 3_500)),
    which: random.whole(1_000),
  };
}
