import type { RunningProcess } from '../../dev/start/child.ts';
import { makeDice } from '../../test/storm/dice.ts';
import { type Chain, startChain } from '../../test/support/chain.ts';
import { makePerson, type TestPerson } from '../../test/support/person.ts';
import { computeHits, type HitPerson } from './hits.ts';

export interface RecoveryBenchOptions {
  readonly seed: number;
  readonly seeds: number;
  readonly workers: number;
  readonly say: (line: string) => void;
}

interface Case {
  readonly name: string;
  readonly kills: number;
  /** Kills are spread over this long. */
  readonly overMs: number;
}

const CASES: readonly Case[] = [
  { name: 'one kill', kills: 1, overMs: 3_000 },
  { name: 'nine kills in 50 s', kills: 9, overMs: 50_000 },
];
const SUBMITTED_EVERY_MS = 200;
const CALL_MS = { min: 1_500, max: 2_500 };
const SETTLED_MS = 2_000;
const ENDS_WITHIN_MS = 180_000;

interface Run {
  readonly people: readonly HitPerson[];
  readonly quarantined: number;
}

/**
 * Kills workers (SIGKILL) while calls are under way, starts others in their places at once, and prints how long after a kill
 * the upstream was asked again. The seed decides when, and which worker.
 */
export async function runRecoveryBench({ seed, seeds, workers, say }: RecoveryBenchOptions): Promise<void> {
  say(
    `Recovery: ${workers} worker processes, a submission each ${SUBMITTED_EVERY_MS} ms, calls of 1.5 to 2.5 s.`,
  );
  for (const each of CASES) {
    const runs: Run[] = [];
    for (let nth = 0; nth < seeds; nth += 1)
      runs.push(await runCase(each, { seed: seed + nth, workers, say }));
    say(`  ${each.name}, ${seeds} seeds: ${describe(runs)}`);
  }
}

async function runCase(
  { kills, overMs }: Case,
  { seed, workers, say }: Omit<RecoveryBenchOptions, 'seeds'>,
): Promise<Run> {
  const chain = await startChain({ workers: 0, sandbox: { latencyMs: CALL_MS } });
  try {
    const parts: RunningProcess[] = [];
    for (let i = 0; i < workers; i += 1) parts.push(await chain.addWorkerProcess());
    const submitting = submitSteadily(chain, say);
    await pause(SETTLED_MS);
    const killedAt = await killWorkers(chain, parts, { kills, overMs, seed });
    const people = await submitting.stop();
    await chain.receiver.accept(people.length, ENDS_WITHIN_MS);
    return judge(chain, people, killedAt);
  } finally {
    await chain.stop();
  }
}

function submitSteadily(
  chain: Chain,
  say: (line: string) => void,
): { stop(): Promise<readonly TestPerson[]> } {
  const people: TestPerson[] = [];
  const answers: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    const person = makePerson();
    // On a busy machine one may be refused (503): it was never accepted.
    const submitted = chain.submit(person).then(() => people.push(person));
    answers.push(submitted.catch((error: unknown) => say(`  not submitted: ${String(error)}`)));
  }, SUBMITTED_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(answers);
      return people;
    },
  };
}

/** @returns when, ms epoch */
async function killWorkers(
  chain: Chain,
  parts: RunningProcess[],
  { kills, overMs, seed }: { kills: number; overMs: number; seed: number },
): Promise<readonly number[]> {
  const dice = makeDice(seed);
  const begunAt = Date.now();
  const due = Array.from({ length: kills }, () => dice.next() * overMs).sort((a, b) => a - b);
  const killedAt: number[] = [];
  const replaced: Promise<unknown>[] = [];
  for (const after of due) {
    await pause(Math.max(0, begunAt + after - Date.now()));
    const [victim] = parts.splice(Math.floor(dice.next() * parts.length), 1);
    // All of them are being replaced.
    if (!victim) continue;
    killedAt.push(Date.now());
    process.kill(victim.pid, 'SIGKILL');
    replaced.push(chain.addWorkerProcess().then((part) => parts.push(part)));
  }
  await Promise.all(replaced);
  return killedAt;
}

function judge(chain: Chain, people: readonly TestPerson[], killedAt: readonly number[]): Run {
  const answered = [...chain.receiver.accepted.values()];
  return {
    people: people.map(({ idCard }) =>
      computeHits(
        chain.sandbox.calls(idCard).recent.map(({ at }) => at),
        killedAt,
      ),
    ),
    quarantined: answered.filter(({ data }) => data.outcome?.code === 'Veriqueue.Quarantined').length,
  };
}

function describe(runs: readonly Run[]): string {
  const people = runs.flatMap((run) => run.people).filter(({ hits }) => hits.length > 0);
  const waits = people.flatMap(({ hits }) => hits.map(({ waitMs }) => waitMs)).sort((a, b) => a - b);
  const seconds = (ms: number | undefined) => `${((ms ?? Number.NaN) / 1000).toFixed(1)} s`;
  const most = Math.max(0, ...people.map(({ hits }) => hits.length));
  const byHits = Array.from({ length: most }, (_, i) => {
    const whole = people.filter(({ hits }) => hits.length === i + 1).map(({ wholeMs }) => wholeMs);
    return `${i + 1}: ${whole.length}${whole.length === 0 ? '' : ` (${seconds(Math.max(...whole))} at most)`}`;
  });
  const quarantined = runs.reduce((sum, run) => sum + run.quarantined, 0);
  return [
    `${waits.length} hits, asked again after p95 ${seconds(waits[Math.ceil(waits.length * 0.95) - 1])}, most ${seconds(waits.at(-1))}`,
    `verifications by hits, and from the first to the call that was answered: ${byHits.join(', ')}`,
    `quarantined ${quarantined}`,
  ].join('\n    ');
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
