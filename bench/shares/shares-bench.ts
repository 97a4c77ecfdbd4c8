import { setTimeout as delay } from 'node:timers/promises';
import { computeWorstDeviation, firstCalls, quantile } from './judge-shares.ts';
import { measureCost } from './measure-cost.ts';
import { type RecordedCall, type SharesChain, startSharesChain } from './shares-chain.ts';

export interface SharesBenchOptions {
  /** `all`, or one of them. */
  readonly only: 'all' | 'flood' | 'faults' | 'weights' | 'lone' | 'cost';
  /** Of the one client, in the runs with nine others. */
  readonly backlog: number;
  /** How long the nine submit. */
  readonly seconds: number;
  /** Calls of the runs of backlogged clients. */
  readonly calls: number;
  readonly workers: number;
  /** Verifications that wait, and clients, of the run that measures Redis. */
  readonly waiting: number;
  readonly clients: number;
  readonly say: (line: string) => void;
}

const QUOTA_PER_SECOND = 20;
const LATENCY_MS = { min: 150, max: 550 };
const SMALL_CLIENTS = 9;
const SUBMIT_EVERY_MS = 2_000;
/** By then as much is claimed as may be. */
const SETTLED_MS = 8_000;
const KILL_EVERY_MS = 5_000;
/** A new limiter begins with a wide margin; by then it is as narrow as it gets (`marginFirstDownCalls`). */
const MARGIN_SETTLED_AFTER_CALLS = 1_500;

/** Shares of the quota between clients, judged at a recording upstream; each line ends with its verdict. */
export async function runSharesBench(options: SharesBenchOptions): Promise<void> {
  const { only } = options;
  if (only === 'all' || only === 'flood') await runFlood(options, { transient: 0, kills: false });
  if (only === 'all' || only === 'faults') await runFlood(options, { transient: 0.2, kills: true });
  if (only === 'all' || only === 'weights') {
    await runWeights(options, 0);
    await runWeights(options, 0.2);
  }
  if (only === 'all' || only === 'lone') await runLone(options);
  if (only === 'all' || only === 'cost') await measureCost(options);
}

const verdict = (isMet: boolean) => (isMet ? 'met' : 'MISSED');

async function withChain(
  { workers, say }: SharesBenchOptions,
  transient: { readonly part: number; readonly of: 'all' | 'first' },
  prepare: (chain: SharesChain) => Promise<void>,
  run: (chain: SharesChain) => Promise<void>,
): Promise<void> {
  const upstream = { latencyMs: LATENCY_MS, transient: transient.part, transientClients: transient.of };
  const chain = await startSharesChain({
    quotaPerSecond: QUOTA_PER_SECOND,
    priority: 'interactive',
    upstream,
    say,
  });
  try {
    await prepare(chain);
    for (let i = 0; i < workers; i += 1) await chain.addWorker();
    await run(chain);
  } finally {
    await chain.stop();
  }
}

interface Submitted {
  readonly client: number;
  readonly serial: number;
  readonly atMs: number;
}

async function runFlood(
  options: SharesBenchOptions,
  { transient, kills }: { readonly transient: number; readonly kills: boolean },
): Promise<void> {
  const { backlog, seconds, workers, say } = options;
  say(
    `Flood: client 0 has ${backlog} waiting, ${SMALL_CLIENTS} others submit every ${SUBMIT_EVERY_MS / 1000} s for ${seconds} s; ${workers} workers, ${QUOTA_PER_SECOND}/s${kills ? `; ${transient * 100} % of the calls of client 0 fail, a worker is killed every ${KILL_EVERY_MS / 1000} s` : ''}`,
  );
  await withChain(
    options,
    { part: transient, of: 'first' },
    (chain) => chain.fill(0, backlog),
    async (chain) => {
      await delay(SETTLED_MS);
      const stop = new AbortController();
      const killing = kills ? killWorkers(chain, stop.signal) : Promise.resolve([]);
      const submitted = await submitOfMany(chain, seconds * 1000);
      stop.abort();
      const killedAt = await killing;
      await delay(SETTLED_MS);
      reportWaits(say, submitted, await chain.takeCalls(), killedAt);
    },
  );
}

async function submitOfMany(chain: SharesChain, forMs: number): Promise<readonly Submitted[]> {
  const until = Date.now() + forMs;
  const each = async (client: number): Promise<Submitted[]> => {
    const submitted: Submitted[] = [];
    await delay(Math.random() * SUBMIT_EVERY_MS);
    for (let serial = 0; Date.now() < until; serial += 1) {
      submitted.push({ client, serial, atMs: await chain.submit(client, serial) });
      await delay(SUBMIT_EVERY_MS * (0.75 + Math.random() * 0.5));
    }
    return submitted;
  };
  const all = await Promise.all(Array.from({ length: SMALL_CLIENTS }, (_, i) => each(i + 1)));
  return all.flat();
}

/** @returns when each was killed, ms epoch */
async function killWorkers(chain: SharesChain, signal: AbortSignal): Promise<readonly number[]> {
  const killedAt: number[] = [];
  const started: Promise<void>[] = [];
  while (!signal.aborted) {
    await delay(KILL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const [victim] = signal.aborted ? [] : chain.workers.splice(0, 1);
    if (!victim) continue;
    killedAt.push(Date.now());
    process.kill(victim.pid, 'SIGKILL');
    started.push(chain.addWorker());
  }
  await Promise.all(started);
  return killedAt;
}

function reportWaits(
  say: (line: string) => void,
  submitted: readonly Submitted[],
  calls: readonly RecordedCall[],
  killedAt: readonly number[],
): void {
  const first = firstCalls(calls);
  const waits = submitted.map(({ client, serial, atMs }) => {
    const arrivedAt = first.get(`${client}-${serial}`) ?? Number.POSITIVE_INFINITY;
    return { ms: arrivedAt - atMs, isHit: killedAt.some((at) => at >= atMs && at <= arrivedAt) };
  });
  // Of others, between the submission and the call: on a busy machine, where times say little, the order still shows.
  const between = submitted
    .map(({ client, serial, atMs }) => {
      const until = first.get(`${client}-${serial}`) ?? Number.POSITIVE_INFINITY;
      return calls.filter((call) => call.atMs > atMs && call.atMs < until).length;
    })
    .toSorted((a, b) => a - b);
  const sorted = (some: typeof waits) => some.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const all = sorted(waits);
  const spared = sorted(waits.filter(({ isHit }) => !isHit));
  const describe = (of: readonly number[]) =>
    `p50 ${quantile(of, 0.5)} ms, p95 ${quantile(of, 0.95)} ms, most ${of.at(-1)} ms of ${of.length}`;
  say(`  submission to arrival: ${describe(all)}`);
  say(
    `  calls of others in between: p50 ${quantile(between, 0.5)}, p95 ${quantile(between, 0.95)}, most ${between.at(-1)}`,
  );
  if (killedAt.length === 0) {
    say(`  p50 at most 150 ms: ${verdict(quantile(all, 0.5) <= 150)}`);
    say(`  p95 at most 400 ms: ${verdict(quantile(all, 0.95) <= 400)}`);
  } else {
    say(`  ${killedAt.length} kills; without those that a kill fell into: ${describe(spared)}`);
    say(`  p95 at most 600 ms outside of recoveries: ${verdict(quantile(spared, 0.95) <= 600)}`);
  }
}

async function runWeights(options: SharesBenchOptions, transient: number): Promise<void> {
  const { calls, say } = options;
  const weights = [100, 100, 200, 400];
  const limit = transient > 0 ? 25 : 3;
  say(
    `Weights 1:1:2:4, all with a backlog, ${calls} calls${transient > 0 ? `, ${transient * 100} % of which fail` : ''}`,
  );
  await withChain(
    options,
    { part: transient, of: 'all' },
    async (chain) => {
      for (const [client, weight] of weights.entries()) await chain.setWeight(client, weight);
      await Promise.all(
        weights.map((weight, client) => chain.fill(client, Math.ceil((calls * weight) / 700))),
      );
    },
    async (chain) => {
      const recorded = await recordCalls(chain, calls);
      const counts = weights.map((_, client) => recorded.filter((call) => call.client === client).length);
      const worst = computeWorstDeviation(recorded, weights);
      say(
        `  calls ${counts.join(' / ')}; furthest from its share in any minute: client ${worst.client} by ${worst.calls.toFixed(1)}`,
      );
      say(`  at most ${limit}: ${verdict(worst.calls <= limit)}`);
    },
  );
}

async function recordCalls(chain: SharesChain, count: number): Promise<readonly RecordedCall[]> {
  const recorded: RecordedCall[] = [];
  for (let at = Date.now(); recorded.length < count && Date.now() < at + count * 200; ) {
    await delay(500);
    recorded.push(...(await chain.takeCalls()));
  }
  return recorded.slice(0, count);
}

async function runLone(options: SharesBenchOptions): Promise<void> {
  const { calls, say } = options;
  say(`A client that waits alone, ${calls} calls after the first ${MARGIN_SETTLED_AFTER_CALLS}`);
  await withChain(
    options,
    { part: 0, of: 'first' },
    (chain) => chain.fill(0, MARGIN_SETTLED_AFTER_CALLS + calls),
    async (chain) => {
      const all = await recordCalls(chain, MARGIN_SETTLED_AFTER_CALLS + calls);
      const recorded = all.slice(MARGIN_SETTLED_AFTER_CALLS);
      const seconds = ((recorded.at(-1)?.atMs ?? 0) - (recorded[0]?.atMs ?? 0)) / 1000;
      const use = (recorded.length - 1) / seconds / QUOTA_PER_SECOND;
      say(
        `  ${recorded.length} calls in ${seconds.toFixed(1)} s: ${(use * 100).toFixed(1)} % of the quota; at least 99 %: ${verdict(use >= 0.99)}`,
      );
    },
  );
}
