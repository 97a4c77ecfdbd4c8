import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProcess } from '../../dev/start/child.ts';
import { readCpuMicros, requireProc } from '../peers/read-process.ts';
import { mostInRollingSecond } from '../quota/judge.ts';
import { buildRecorder, type RecorderProgram } from '../quota/recorder.ts';
import { type AccountsStage, startAccountsStage } from './accounts-stage.ts';
import { computeUse } from './compute-use.ts';

export interface AccountsBenchOptions {
  readonly accounts: number;
  /** Calls a second of each account, one proof for each. */
  readonly quotas: readonly number[];
  readonly workers: number;
  /** That wait, for a quota of 20; with another as many as are asked in the same time. */
  readonly verifications: number;
  readonly photoBytes: number;
  readonly say: (line: string) => void;
}

/** By then every worker has connections to every account, and its code is compiled. */
const SETTLED_MS = 2_000;
/** At the end nothing waits in line any more that could go to the account that opens first. */
const ENDING_MS = 3_000;
const FAULTS_AFTER_MS = 4_000;
const ARREARS = 'UnauthorizedOperation.Arrears';
const FULL_QUOTA = 20;

interface Proof extends AccountsBenchOptions {
  readonly quotaPerSecond: number;
  readonly recorder: RecorderProgram;
}

/** A run's end. */
interface Run {
  /** ms epoch: the last worker was ready, and a fault happened. */
  readonly at: number;
  readonly arrivals: readonly (readonly number[])[];
  readonly endedAt: number;
}

/**
 * A backlog through the workers with several accounts: how much of all quotas is used, and what one account in arrears and one
 * endpoint that is gone do to it. The kernel stamps what arrives, so that a busy machine makes no call late on paper.
 */
export async function runAccountsBench(options: AccountsBenchOptions): Promise<void> {
  const { accounts, workers, say } = options;
  requireProc();
  const recorder = await buildRecorder();
  try {
    for (const quotaPerSecond of options.quotas) {
      const verifications = Math.round((options.verifications * quotaPerSecond) / FULL_QUOTA);
      const proof = { ...options, verifications, quotaPerSecond, recorder };
      say(
        `Accounts: ${accounts} of ${quotaPerSecond} a second, ${workers} worker processes, ${verifications} verifications that wait, ` +
          `arrivals stamped by ${recorder.clock === 'kernel' ? 'the kernel' : 'Node'}.`,
      );
      // What the machine does by itself with as many calls a second: above it no choice of accounts can be.
      const sum = { ...proof, accounts: 1, quotaPerSecond: accounts * quotaPerSecond };
      const one = await proveUse(sum, 'one account of their sum');
      const all = await proveUse(proof, 'all accounts open');
      const faults = await proveFaults(proof);
      for (const line of presentTable(proof, { one, all, faults })) say(line);
    }
  } finally {
    await recorder.remove();
  }
}

/** Parts of the quotas, 0 to 1, and the most calls in any rolling second at one account. */
interface Use {
  readonly use: number;
  readonly most: number;
}

interface FaultsUse {
  /** Of what is left, in the seconds after the faults, and from then on. */
  readonly soon: number;
  readonly later: number;
  readonly most: number;
}

async function proveUse(proof: Proof, name: string): Promise<Use> {
  const { at, arrivals, endedAt } = await run(proof, async (readyAt) => readyAt);
  const use = computeUse(arrivals, { from: at + SETTLED_MS, to: endedAt - ENDING_MS }, proof.quotaPerSecond);
  const counts = arrivals.map(({ length }) => length);
  proof.say(
    `  ${name}: ${percent(use)} of all quotas; ${Math.min(...counts)} to ${Math.max(...counts)} calls at each`,
  );
  return { use, most: countMost(arrivals) };
}

async function proveFaults(proof: Proof): Promise<FaultsUse> {
  const injectFaults = async (readyAt: number, { recorders }: AccountsStage) => {
    await sleep(readyAt + FAULTS_AFTER_MS - Date.now());
    const [arrears, gone] = recorders;
    arrears?.failWith(ARREARS);
    await gone?.stop();
    return Date.now();
  };
  const { at, arrivals, endedAt } = await run(proof, injectFaults);
  const left = arrivals.slice(2);
  const use = (from: number, to: number) => computeUse(left, { from, to }, proof.quotaPerSecond);
  const soon = use(at, at + SETTLED_MS);
  const later = use(at + SETTLED_MS, endedAt - ENDING_MS);
  proof.say(
    `  one account in arrears, the endpoint of another gone: ${percent(soon)} of what is left in the ${SETTLED_MS / 1000} s after, ${percent(later)} from then on`,
  );
  return { soon, later, most: countMost(arrivals) };
}

/** As docs/benchmarks.md has it. */
function presentTable(
  { accounts, quotaPerSecond }: Proof,
  { one, all, faults }: { readonly one: Use; readonly all: Use; readonly faults: FaultsUse },
): readonly string[] {
  const sum = accounts * quotaPerSecond;
  const most = Math.max(all.most, faults.most);
  return [
    '| | all open | what is left, in the 2 s after | from then on | most in any 1000 ms at one account |',
    '| --- | --- | --- | --- | --- |',
    `| ${accounts} of ${quotaPerSecond} a second | ${percent(all.use)} | ${percent(faults.soon)} | ${percent(faults.later)} | ${most} of ${quotaPerSecond} |`,
    `| one account of ${sum} a second | ${percent(one.use)} | | | ${one.most} of ${sum} |`,
  ];
}

const countMost = (arrivals: Run['arrivals']): number =>
  Math.max(...arrivals.map((times) => mostInRollingSecond(times.toSorted((a, b) => a - b))));

async function run(
  proof: Proof,
  during: (readyAt: number, stage: AccountsStage) => Promise<number>,
): Promise<Run> {
  const { verifications, workers, say } = proof;
  const stage = await startAccountsStage(proof);
  try {
    await stage.submit(verifications);
    const answered = stage.answered(verifications);
    // Should anything below fail, that is the error to show.
    answered.catch(() => undefined);
    const processes = await stage.addWorkers(workers);
    const readyAt = Date.now();
    const cpu = meterCpu(processes, stage);
    const at = await during(readyAt, stage);
    await answered;
    const arrivals = stage.recorders.map((recorder) => recorder.arrivals.map(({ atMs }) => atMs));
    const endedAt = Math.max(...arrivals.flat());
    const refused = stage.recorders.flatMap((recorder) => recorder.arrivals).filter((each) => each.refused);
    say(
      `  ${verifications} of ${verifications} answered; at most ${countMost(arrivals)} in any rolling second at one account, ` +
        `${refused.length} refused; ${cpu(verifications)}`,
    );
    return { at, arrivals, endedAt };
  } finally {
    await stage.stop();
  }
}

/** @returns what was used since, and how busy the machine was: below its limit, use says something about the workers */
function meterCpu(
  workers: readonly RunningProcess[],
  { redis }: AccountsStage,
): (verifications: number) => string {
  const began = performance.now();
  const read = () => ({
    workers: workers.reduce((sum, { pid }) => sum + readCpuMicros(pid), 0),
    redis: readCpuMicros(redis.pid),
  });
  const before = read();
  return (verifications) => {
    const after = read();
    const each = (from: number, to: number) => `${Math.round((to - from) / verifications)} µs`;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    return `${seconds} s; each took the workers ${each(before.workers, after.workers)}, Redis ${each(before.redis, after.redis)}; load ${loadavg()[0]?.toFixed(1)}`;
  };
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
