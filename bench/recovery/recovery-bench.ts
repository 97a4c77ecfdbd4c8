import type { RunningProcess } from '../../dev/start/child.ts';
import { makeDice } from '../../test/storm/dice.ts';
import { type Chain, startChain } from '../../test/support/chain.ts';
import { makePerson, type TestPerson } from '../../test/support/person.ts';
import { computeHits, type HitPerson, type Life } from './hits.ts';

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
    const living: LivingWorker[] = [];
    for (let i = 0; i < workers; i += 1) living.push(await addWorker(chain));
    const submitting = submitSteadily(chain, say);
    await pause(SETTLED_MS);
    const ended = await killWorkers(chain, living, { kills, overMs, seed });
    const people = await submitting.stop();
    await chain.receiver.accept(people.length, ENDS_WITHIN_MS);
    const lives = [...ended, ...living.map(({ readyAt }) => ({ from: readyAt, until: Infinity }))];
    return judge(chain, people, lives);
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

interface LivingWorker {
  readonly process: RunningProcess;
  /** ms epoch */
  readonly readyAt: number;
}

async function addWorker(chain: Chain): Promise<LivingWorker> {
  return { process: await chain.addWorkerProcess(), readyAt: Date.now() };
}

/** Kills some of the living and puts their successors among them. */
async function killWorkers(
  chain: Chain,
  living: LivingWorker[],
  { kills, overMs, seed }: { kills: number; overMs: number; seed: number },
): Promise<readonly Life[]> {
  const dice = makeDice(seed);
  const begunAt = Date.now();
  const due = Array.from({ length: kills }, () => dice.next() * overMs).sort((a, b) => a - b);
  const ended: Life[] = [];
  const replaced: Promise<unknown>[] = [];
  for (const after of due) {
    await pause(Math.max(0, begunAt + after - Date.now()));
    const [victim] = living.splice(Math.floor(dice.next() * living.length), 1);
    // All of them are being replaced.
    if (!victim) continue;
    ended.push({ from: victim.readyAt, until: Date.now() });
    process.kill(victim.process.pid, 'SIGKILL');
    replaced.push(addWorker(chain).then((successor) => living.push(successor)));
  }
  await Promise.all(replaced);
  return ended;
}

function judge(chain: Chain, people: readonly TestPerson[], lives: readonly Life[]): Run {
  const answered = [...chain.receiver.accepted.values()];
  return {
    people: people.map(({ idCard }) =>
      computeHits(
        chain.sandbox.calls(idCard).recent.map(({ at }) => at),
        lives,
      ),
    ),
    quarantined: answered.filter(({ data }) => data.outcome?.code === 'Veriqueue.Quarantined').length,
  };
}

function describe(runs: readonly Run[]): string {
  const people = runs.flatMap((run) => run.people).filter(({ hits }) => hits.length > 0);
  const waits = people.flatMap(({ hits }) => hits.map(({ waitMs }) => waitMs)).sort((a, b) => a - b);
  const served = people.flatMap(({ hits }) => hits.map(({ servedMs }) => servedMs)).sort((a, b) => a - b);
  const seconds = (ms: number | undefined) => `${((ms ?? Number.NaN) / 1000).toFixed(1)} s`;
  const most = Math.max(0, ...people.map(({ hits }) => hits.length));
  const byHits = Array.from({ length: most }, (_, i) => {
    const whole = people.filter(({ hits }) => hits.length === i + 1).map(({ wholeMs }) => wholeMs);
    return `${i + 1}: ${whole.length}${whole.length === 0 ? '' : ` (${seconds(Math.max(...whole))} at most)`}`;
  });
  const quarantined = runs.reduce((sum, run) => sum + run.quarantined, 0);
  return [
    `${waits.length} hits, asked again after p95 ${seconds(waits[Math.ceil(waits.length * 0.95) - 1])}, most ${seconds(waits.at(-1))}`,
    `of these, with a worker ready: p95 ${seconds(served[Math.ceil(served.length * 0.95) - 1])}, most ${seconds(served.at(-1))}`,
    `verifications by hits, and from the first to the call that was answered: ${byHits.join(', ')}`,
    `quarantined ${quarantined}`,
  ].join('\n    ');
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
