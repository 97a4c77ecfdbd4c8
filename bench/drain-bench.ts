import { type Chain, startChain } from '../test/support/chain.ts';
import { makePerson } from '../test/support/person.ts';

export interface DrainBenchOptions {
  /** Bulk verifications that wait before the workers start. */
  readonly backlog: number;
  /** Interactive ones submitted meanwhile, one after the other. */
  readonly interactive: number;
  readonly workers: number;
  readonly say: (line: string) => void;
}

const QUOTA_PER_SECOND = 20;
/** By then as much is claimed as may be: the state in which a backlog is worked off. */
const SETTLED_MS = 8_000;
const BETWEEN_INTERACTIVE_MS = 600;
const SUBMITTED_AT_ONCE = 16;

/**
 * Works a backlog off through the whole chain (HTTP, Redis, worker processes, sandbox, webhook) at the real quota, and
 * prints how much of the quota was used from the first to the last upstream call, and how long interactive verifications
 * submitted into the backlog took to reach the upstream.
 */
export async function runDrainBench(options: DrainBenchOptions): Promise<void> {
  const { backlog, interactive, workers, say } = options;
  const chain = await startChain({
    workers: 0,
    environment: { QUOTA_PER_SECOND: String(QUOTA_PER_SECOND), LOG_LEVEL: 'warn' },
    sandbox: { quotaPerSecond: QUOTA_PER_SECOND, latencyMs: { min: 150, max: 550 } },
  });
  try {
    await submitBacklog(chain, backlog);
    say(
      `Drain: ${backlog} bulk verifications wait, ${workers} worker processes, ${QUOTA_PER_SECOND} a second.`,
    );
    for (let i = 0; i < workers; i += 1) await chain.addWorkerProcess();
    const waits = await submitInteractive(chain, interactive);
    const all = backlog + interactive;
    await chain.receiver.accept(all, (all / QUOTA_PER_SECOND) * 2_000 + 30_000);
    reportUse(chain, say);
    reportWaits(waits, say);
  } finally {
    await chain.stop();
  }
}

async function submitBacklog(chain: Chain, count: number): Promise<void> {
  for (let done = 0; done < count; done += SUBMITTED_AT_ONCE) {
    const size = Math.min(SUBMITTED_AT_ONCE, count - done);
    await Promise.all(Array.from({ length: size }, () => chain.submit(makePerson(), { priority: 'bulk' })));
  }
}

/** @returns ms from submission to arrival at the upstream */
async function submitInteractive(chain: Chain, count: number): Promise<number[]> {
  await pause(SETTLED_MS);
  const people = [];
  for (let i = 0; i < count; i += 1) {
    const person = makePerson();
    people.push({ person, at: Date.now() });
    await chain.submit(person, { priority: 'interactive' });
    await pause(BETWEEN_INTERACTIVE_MS + Math.random() * 100);
  }
  await pause(SETTLED_MS);
  return people.map(({ person, at }) => {
    const arrival = chain.sandbox.calls(person.idCard).recent[0]?.at;
    return arrival === undefined ? Number.POSITIVE_INFINITY : arrival - at;
  });
}

function reportUse(chain: Chain, say: (line: string) => void): void {
  const { requests, rejected, firstArrivalAt, lastArrivalAt } = chain.sandbox.stats();
  const seconds = ((lastArrivalAt ?? 0) - (firstArrivalAt ?? 0)) / 1000;
  const use = (requests - 1) / seconds / QUOTA_PER_SECOND;
  say(
    `  ${requests} upstream calls in ${seconds.toFixed(1)} s: ${(use * 100).toFixed(1)} % of the quota, ${rejected} refused`,
  );
}

function reportWaits(waits: number[], say: (line: string) => void): void {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  say(
    `  interactive, from submission to the upstream: median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms of ${waits.length}`,
  );
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
