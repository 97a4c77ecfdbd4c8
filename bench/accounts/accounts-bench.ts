import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAccounts, type TestAccounts } from '../../test/support/accounts.ts';
import { type Chain, startChain } from '../../test/support/chain.ts';
import { makePerson } from '../../test/support/person.ts';
import { computeUse } from './compute-use.ts';

export interface AccountsBenchOptions {
  readonly accounts: number;
  readonly workers: number;
  readonly verifications: number;
  readonly say: (line: string) => void;
}

const QUOTA_PER_SECOND = 20;
const SUBMITTED_AT_ONCE = 32;
/** By then some seconds of the quota are used as they are to be. */
const FAULTS_AFTER_MS = 4_000;
/** So soon after a fault the others are to be used as before. */
const SETTLED_MS = 2_000;
/** As docs/sizing.md has it for ten accounts and four workers. */
const SETTINGS = { RETRIES: '5', LOG_LEVEL: 'warn', PROBE_INTERVAL: '60s', WORKER_CONCURRENCY: '150' };
const ARREARS = 'UnauthorizedOperation.Arrears';

/** A run's arrivals at each account, ms of the monotonic clock. */
type Arrivals = ReadonlyMap<string, number[]>;

/**
 * A backlog through the whole chain with several accounts, each a sandbox of its own that records what arrives: how much of all
 * quotas is used, and what one account in arrears and one endpoint that is gone do to it.
 */
export async function runAccountsBench(options: AccountsBenchOptions): Promise<void> {
  const { accounts, workers, verifications, say } = options;
  say(
    `Accounts: ${accounts} of ${QUOTA_PER_SECOND} a second, ${workers} worker processes, ${verifications} verifications that wait.`,
  );
  await run(options, async (arrivals) => reportUse(arrivals, options));
  say('  One account falls into arrears and the endpoint of another is gone, 4 s after the first call:');
  await run(options, async (arrivals, named) => {
    await firstArrival(arrivals);
    await sleep(FAULTS_AFTER_MS);
    const [arrears = '', gone = ''] = [...arrivals.keys()];
    named.sandboxOf(arrears).script('*', [ARREARS]);
    await named.sandboxOf(gone).close();
    const at = performance.now();
    return () => reportFaults(arrivals, { at, left: [...arrivals.keys()].slice(2) }, say);
  });
}

type Report = () => void;

async function run(
  { accounts, workers, verifications, say }: AccountsBenchOptions,
  during: (arrivals: Arrivals, named: TestAccounts) => Promise<Report>,
): Promise<void> {
  const arrivals = new Map<string, number[]>();
  const names = Array.from({ length: accounts }, (_, i) => (i === 0 ? 'main' : `account-${i + 1}`));
  const named = await startAccounts(
    names.map((name) => {
      const own: number[] = [];
      arrivals.set(name, own);
      const log = () => void own.push(performance.now());
      return { name, quota: QUOTA_PER_SECOND, sandbox: { log, latencyMs: { min: 150, max: 550 } } };
    }),
  );
  const chain = await startChain({
    workers: 0,
    environment: { ...named.environment, ...SETTINGS },
  });
  // The recorders share this process with the producer: what arrives while it is busy is noted late, and together.
  const delay = monitorEventLoopDelay({ resolution: 5 });
  try {
    const ids = await submitBacklog(chain, verifications);
    delay.enable();
    await Promise.all(Array.from({ length: workers }, () => chain.addWorkerProcess()));
    const report = await during(arrivals, named);
    await chain.receiver.accept(verifications, 600_000);
    report();
    const answered = new Set(chain.receiver.accepted.keys());
    const lost = ids.filter((id) => !answered.has(id)).length;
    const most = names.map((name) => named.sandboxOf(name).stats());
    say(
      `  ${verifications - lost} of ${verifications} answered; at most ${Math.max(...most.map(({ maxInRollingSecond }) => maxInRollingSecond))} in any rolling second at one account, ${most.reduce((sum, { rejected }) => sum + rejected, 0)} refused; the recorder was late by up to ${Math.round(delay.max / 1e6)} ms`,
    );
  } finally {
    delay.disable();
    await chain.stop();
    await named.stop();
  }
}

async function submitBacklog(chain: Chain, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let done = 0; done < count; done += SUBMITTED_AT_ONCE) {
    const size = Math.min(SUBMITTED_AT_ONCE, count - done);
    const people = Array.from({ length: size }, () => chain.submit(makePerson(), { priority: 'bulk' }));
    ids.push(...(await Promise.all(people)).map(({ id }) => id));
  }
  return ids;
}

async function firstArrival(arrivals: Arrivals): Promise<void> {
  while ([...arrivals.values()].every((own) => own.length === 0)) await sleep(5);
}

function reportUse(arrivals: Arrivals, { say }: AccountsBenchOptions): Report {
  return () => {
    const all = [...arrivals.values()].flat().toSorted((a, b) => a - b);
    const span = { from: all[0] ?? 0, to: all.at(-1) ?? 0 };
    const use = computeUse([...arrivals.values()], span, QUOTA_PER_SECOND);
    const counts = [...arrivals.values()].map((own) => own.length);
    say(
      `  ${all.length} calls in ${((span.to - span.from) / 1000).toFixed(1)} s: ${percent(use)} of all quotas; ${Math.min(...counts)} to ${Math.max(...counts)} at each`,
    );
  };
}

function reportFaults(
  arrivals: Arrivals,
  { at, left }: { readonly at: number; readonly left: readonly string[] },
  say: AccountsBenchOptions['say'],
): void {
  const others = left.map((name) => arrivals.get(name) ?? []);
  const last = Math.max(...others.flat());
  const use = (from: number, to: number) => percent(computeUse(others, { from, to }, QUOTA_PER_SECOND));
  // The last second is the end of the backlog, and not of the quota.
  say(
    `  what is left was used by ${use(at, at + SETTLED_MS)} in the ${SETTLED_MS / 1000} s after, by ${use(at + SETTLED_MS, last - 1000)} from then on`,
  );
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
