import type { UsageReport } from '../../shared/contract/usage.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { readUsage } from '../../shared/store/usage/usage.ts';
import { judgeStorm } from '../storm/judge.ts';
import { personOfJob } from '../storm/person-of-job.ts';
import { listResidue } from '../storm/residue.ts';
import { ask, type Chain, QUOTA_PER_SECOND, simulatedKeys } from './chain.ts';
import type { Submitter } from './client.ts';
import type { Inflicting, LostSpan } from './faults.ts';
import type { Fault, Plan } from './plan.ts';

export interface Breach {
  readonly invariant: string;
  readonly job: number | null;
  readonly detail: string;
}

export interface Ending {
  readonly plan: Plan;
  readonly submitter: Submitter;
  readonly inflicting: Inflicting;
  /** Whether every accepted verification was acknowledged in time. */
  readonly over: boolean;
}

/** Before and after a span that is lost, what was under way in it counts as touched by it. */
const TOUCHED = { beforeMs: 1_500, afterMs: 6_000 } as const;

/** Judges a simulation by what the upstream, the receiver and the client saw, and by what Redis still has. */
export async function judge(chain: Chain, ending: Ending): Promise<readonly Breach[]> {
  const { plan, submitter, inflicting } = ending;
  const shown = await readShown(chain, plan, submitter);
  const isTouched = findTouched(chain, submitter, inflicting.lost);
  const usage = inflicting.lost.length === 0 ? await readLedger(chain) : null;
  const residue = await listResidue(chain.observer, simulatedKeys);
  const spared = new Set(plan.orders.map(({ job }) => job).filter(isTouched));
  const { breaches } = judgeStorm(
    {
      jobs: plan.orders.length,
      quotaPerSecond: QUOTA_PER_SECOND,
      submissions: submitter.entries.filter(({ job }) => !spared.has(job)),
      calls: chain.upstream.calls,
      posts: chain.receiver.posts.filter(({ event }) => event.job === null || !spared.has(event.job)),
      forgeries: chain.receiver.forgeries,
      faults: inflicting.inflicted.map((fault, id) => ({ ...fault, id, until: fault.at + fault.forMs })),
      unaskedExits: chain.ends,
      shown:
        shown &&
        new Map(
          [...shown].map(([job, { status, delivery, outcome, attempts }]) => [
            job,
            {
              status,
              delivery: delivery.status,
              code: outcome?.code ?? null,
              attempts: attempts.map(({ code }) => code),
            },
          ]),
        ),
      // Numbers are judged below.
      feed: null,
      usage,
      residue,
    },
    0,
  );
  return [
    ...breaches,
    ...(ending.over ? [] : listWaiting(chain, submitter, spared)),
    ...(inflicting.lost.length === 0
      ? plan.clients.flatMap((_, client) => judgeSequence(chain, plan, client))
      : []),
    ...(ending.over && shown !== null ? judgeDeliveries(chain, shown, spared) : []),
    ...(plan.faults.length === 0 ? judgeGuesses(usage ?? []) : []),
    ...judgeStarts(chain),
    ...judgeConnections(chain),
    ...judgeRepeats(chain, plan),
    ...judgePosts(chain, plan),
    ...judgePromises(chain, ending),
  ];
}

/** @returns null while the producer is not up */
async function readShown(
  chain: Chain,
  { orders }: Plan,
  { accepted }: Submitter,
): Promise<ReadonlyMap<number, Verification> | null> {
  const { running, instance } = chain.producer;
  if (running === undefined) return null;
  const clients = new Map(orders.map(({ job, client }) => [job, client]));
  const shown = new Map<number, Verification>();
  for (const [job, id] of accepted) {
    const producer = running[clients.get(job) ?? 0];
    if (producer === undefined) throw new Error(`Cannot judge: the client of job-${job} has no producer`);
    const answer = await ask(chain.world, instance, () => producer.get(id));
    if (answer.status === 'found') shown.set(job, answer.verification);
  }
  return shown;
}

async function readLedger({ observer, world }: Chain): Promise<UsageReport['data']> {
  const day = (ms: number) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);
  const now = world.wallMs(world.nature);
  // A clock that stepped may have counted on the day before or after.
  const period = { from: day(now - 86_400_000), to: day(now + 86_400_000) };
  return (await readUsage(observer, simulatedKeys, period, () => undefined)).data;
}

/** A failover that forgets may have anything of that time happen twice, or not at all: no promise covers it. */
function findTouched(
  { world, upstream, receiver }: Chain,
  { entries }: Submitter,
  lost: readonly LostSpan[],
): (job: number) => boolean {
  const begin = world.wallMs(world.nature) - world.now;
  const isIn = (wallMs: number): boolean =>
    lost.some(
      ({ fromMs, untilMs }) =>
        wallMs - begin >= fromMs - TOUCHED.beforeMs && wallMs - begin <= untilMs + TOUCHED.afterMs,
    );
  return (job) => {
    const { idCard } = personOfJob(job);
    return (
      entries.some((entry) => entry.job === job && (isIn(entry.at) || isIn(entry.answeredAt))) ||
      upstream.calls.some((call) => call.idCard === idCard && isIn(call.at)) ||
      receiver.posts.some(({ event, at }) => event.job === job && isIn(at))
    );
  };
}

function listWaiting(
  { receiver }: Chain,
  { accepted }: Submitter,
  spared: ReadonlySet<number>,
): readonly Breach[] {
  return [...accepted.keys()]
    .filter((job) => !receiver.acknowledged.has(job) && !spared.has(job))
    .map((job) => ({ invariant: 'waits_for_ever', job, detail: 'no event was acknowledged in time' }));
}

/** What ended by itself is started again, and stands among the exits. */
const judgeStarts = ({ producer, workers }: Chain): readonly Breach[] =>
  [producer, ...workers].flatMap(({ name, running, isStopping, instance }) =>
    running !== undefined || isStopping || !instance.alive
      ? []
      : [{ invariant: 'does_not_start', job: null, detail: `${name} waits at its start` }],
  );

/** What the receiver acknowledged last is shown as delivered. */
const judgeDeliveries = (
  { receiver }: Chain,
  shown: ReadonlyMap<number, Verification>,
  spared: ReadonlySet<number>,
): readonly Breach[] =>
  [...shown].flatMap(([job, { delivery }]) =>
    spared.has(job) || !receiver.acknowledged.has(job) || delivery.status === 'delivered'
      ? []
      : [{ invariant: 'not_shown_as_delivered', job, detail: `delivery ${delivery.status}` }],
  );

const GUESSES = new Set(['Veriqueue.WorkerCrashed', 'Veriqueue.Interrupted']);

/** Where no process was hit, no call can have been lost with one. */
const judgeGuesses = (usage: UsageReport['data']): readonly Breach[] =>
  usage
    .filter(({ code }) => GUESSES.has(code))
    .map(({ code }) => ({ invariant: 'ledger_guess', job: null, detail: `${code}, and no worker died` }));

/** Numbers of a client's events: each verification has one, and none is left out. */
function judgeSequence({ receiver }: Chain, { orders }: Plan, client: number): readonly Breach[] {
  const own = new Set(orders.filter((order) => order.client === client).map(({ job }) => job));
  const numbers = new Map<string, number | null>();
  const breaches: Breach[] = [];
  for (const { event, sequence } of receiver.posts) {
    if (event.job !== null && !own.has(event.job)) continue;
    const before = numbers.get(event.verification);
    if (before !== undefined && before !== sequence) {
      breaches.push({ invariant: 'two_numbers', job: event.job, detail: `${before} and ${sequence}` });
    }
    numbers.set(event.verification, sequence);
  }
  const given = [...numbers.values()].filter((number) => number !== null).sort((a, b) => a - b);
  if (given.length < numbers.size) {
    breaches.push({ invariant: 'no_number', job: null, detail: `${numbers.size - given.length} events` });
  }
  given.forEach((number, index) => {
    if (number !== index + 1) {
      breaches.push({ invariant: 'gap_in_sequence', job: null, detail: `${given.join(' ')}` });
    }
  });
  return breaches.slice(0, 3);
}

/** A connection that was refused as one to a replica has found the new primary by then. */
const FOUND_WITHIN_MS = 5_000;

const judgeConnections = ({ redis }: Chain): readonly Breach[] =>
  redis.sessions
    .map(({ refusedAt }) => (refusedAt.at(-1) ?? 0) - (refusedAt[0] ?? 0))
    .filter((ms) => ms > FOUND_WITHIN_MS)
    .slice(0, 1)
    .map((ms) => ({
      invariant: 'stays_with_old_primary',
      job: null,
      detail: `a connection is refused as one to a replica for ${ms} ms`,
    }));

/** None of these loses an answer that has arrived. */
const KEEPS_ANSWERS = new Set<Fault['kind']>(['redis_full', 'flush_scripts', 'receiver_down']);
/** The workers give a call up after three seconds. */
const ANSWERED_IN_TIME_MS = 2_700;

/** What was answered is not asked again, unless the answer was one that asks for it. */
function judgeRepeats({ upstream }: Chain, { faults, orders }: Plan): readonly Breach[] {
  if (faults.some(({ kind }) => !KEEPS_ANSWERS.has(kind))) return [];
  return orders.flatMap(({ job, answers }) => {
    if (answers.some(({ latencyMs }) => latencyMs > ANSWERED_IN_TIME_MS)) return [];
    const { idCard } = personOfJob(job);
    const calls = upstream.calls.filter((call) => call.idCard === idCard).length;
    if (calls <= answers.length) return [];
    return [{ invariant: 'needless_call', job, detail: `${calls} calls, and ${answers.length} were needed` }];
  });
}

/** A Redis that is full renews no lock: after so long, an event whose acknowledgement waits to be written is another worker's. */
const LOCK_OUTLASTS_MS = 4_000;
/** Within shorter breaks a worker may renew none. */
const RENEWED_WITHIN_MS = 2_000;

/** For how long Redis was full, at most, with no break in which every lock is renewed. */
function longestFullMs(faults: readonly Fault[]): number {
  let [longest, current, until] = [0, 0, Number.NEGATIVE_INFINITY];
  for (const { at, forMs } of faults.filter(({ kind }) => kind === 'redis_full')) {
    const addedMs = Math.max(0, at + forMs - Math.max(at, until));
    current = at - until < RENEWED_WITHIN_MS ? current + addedMs : addedMs;
    until = Math.max(until, at + forMs);
    longest = Math.max(longest, current);
  }
  return longest;
}

/** What was acknowledged is not delivered again. */
function judgePosts({ receiver }: Chain, { faults }: Plan): readonly Breach[] {
  if (faults.some(({ kind }) => !KEEPS_ANSWERS.has(kind))) return [];
  if (longestFullMs(faults) > LOCK_OUTLASTS_MS) return [];
  const settled = new Set<string>();
  return receiver.posts
    .flatMap(({ event: { verification, job }, isSettled }) => {
      const isNeedless = settled.has(verification);
      if (isSettled) settled.add(verification);
      return isNeedless ? [{ invariant: 'needless_delivery', job, detail: 'after it was acknowledged' }] : [];
    })
    .slice(0, 3);
}

/** By none of these is a promised time put off, or broken. */
const KEEPS_PROMISES = new Set<Fault['kind']>(['flush_scripts', 'receiver_down', 'kill_producer']);
/** What a repeated call of the client takes from what waits, at the lowest rate of slots. */
const REPEAT_MS = 1_200 / QUOTA_PER_SECOND;

/** Each is asked about for the first time by its `completesBy`. */
function judgePromises({ upstream, log }: Chain, { plan, submitter }: Ending): readonly Breach[] {
  if (plan.faults.some(({ kind }) => !KEEPS_PROMISES.has(kind))) return [];
  const said = log
    .filter(({ text }) => text.includes('"event":"promise_broken"'))
    .map(({ text }) => ({ invariant: 'promise_broken', job: null, detail: text.trim() }));
  const refused = upstream.calls.some(({ code }) => code?.startsWith('RequestLimitExceeded') === true);
  if (refused) return said.slice(0, 3);
  const asked = new Map<string, number>();
  const broken: Breach[] = [];
  let repeats = 0;
  for (const { idCard, at } of upstream.calls) {
    if (asked.has(idCard)) repeats += 1;
    else asked.set(idCard, at + repeats * -REPEAT_MS);
  }
  for (const [job, by] of submitter.promised) {
    const at = asked.get(personOfJob(job).idCard);
    if (at === undefined || at <= by) continue;
    broken.push({ invariant: 'promise_broken', job, detail: `asked ${at - by} ms after completesBy` });
  }
  return [...said, ...broken].slice(0, 3);
}
