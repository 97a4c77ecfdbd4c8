import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePlan, type Plan, plan as planSchema, themeOf } from './plan.ts';
import { openLuaEngine } from './redis/lua-engine.ts';
import { simulate } from './simulate.ts';
import { tellStory } from './story.ts';
import { realClock } from './world/real-clock.ts';

interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly verifications: number;
  readonly hours?: number;
  readonly processes: number;
  readonly faults: boolean;
  readonly stopAtFirst?: true;
  /** Only seeds whose plan has a fault of this kind. */
  readonly having?: string;
  /** Only seeds whose theme has this in its name. */
  readonly theme?: string;
  /** A folder of plans that run before the seeds. */
  readonly plans?: string;
  readonly digests?: true;
}

interface Tally {
  seeds: number;
  steps: number;
  virtualMs: number;
  readonly failed: number[];
}

const HOUR_MS = 3_600_000;

/** Runs many seeds and prints a summary. @returns whether a promise was broken */
export async function runSeeds(options: Options): Promise<boolean> {
  const began = realClock.now();
  const tally = await (options.processes > 1 && options.seeds > 1
    ? runInProcesses(options)
    : runHere(options));
  if (process.send !== undefined) {
    process.send(tally);
    return tally.failed.length > 0;
  }
  const took = (realClock.now() - began) / 1_000;
  const rate = tally.seeds / took;
  process.stdout.write(
    `${tally.seeds} seeds in ${took.toFixed(1)} s (${rate.toFixed(2)} a second): ${tally.steps} steps, ${(tally.virtualMs / HOUR_MS).toFixed(2)} h of their clocks. ${
      tally.failed.length === 0
        ? 'Every promise kept.'
        : `Broken by ${tally.failed.length}: ${tally.failed.join(' ')}`
    }\n`,
  );
  return tally.failed.length > 0;
}

async function runHere(options: Options): Promise<Tally> {
  const engine = await openLuaEngine();
  const tally: Tally = { seeds: 0, steps: 0, virtualMs: 0, failed: [] };
  const until =
    options.hours === undefined ? Number.POSITIVE_INFINITY : realClock.now() + options.hours * HOUR_MS;
  for (const plan of plansOf(options)) {
    if (realClock.now() >= until) break;
    tally.seeds += 1;
    const simulation = await simulate(plan, { engine }).catch((error: unknown) => {
      const { message, cause } = error instanceof Error ? error : new Error(String(error));
      process.stdout.write(
        `Seed ${plan.seed}: ended early\nBROKEN: ended_early: ${message} ${String(cause ?? '')}\n`,
      );
      return null;
    });
    tally.steps += simulation?.steps ?? 0;
    tally.virtualMs += simulation?.virtualMs ?? 0;
    if (options.digests === true && simulation !== null)
      process.stdout.write(`${plan.seed} ${simulation.digest}\n`);
    if (simulation?.breaches.length === 0) continue;
    tally.failed.push(plan.seed);
    if (simulation !== null) process.stdout.write(tellStory(simulation));
    if (options.stopAtFirst === true) break;
  }
  return tally;
}

/** Those of the folder, if one is named, then those of the seeds. */
function* plansOf({ seed, seeds, verifications, faults, having, theme, plans }: Options): Generator<Plan> {
  for (const file of plans === undefined ? [] : readdirSync(plans).sort()) {
    yield planSchema.parse(JSON.parse(readFileSync(join(plans ?? '', file), 'utf8')));
  }
  for (let at = 0; at < seeds; at += 1) {
    if (theme !== undefined && !themeOf(seed + at).name.includes(theme)) continue;
    const made = makePlan(seed + at, verifications);
    if (having !== undefined && !made.faults.some(({ kind }) => kind === having)) continue;
    yield faults ? made : { ...made, faults: [] };
  }
}

/** A processor for each: the seeds are shared out. */
async function runInProcesses(options: Options): Promise<Tally> {
  const share = Math.ceil(options.seeds / options.processes);
  const parts = Array.from({ length: options.processes }, (_, index) => {
    const first = options.seed + index * share;
    const count = Math.min(share, options.seed + options.seeds - first);
    return count <= 0 ? null : runPart(first, count, options);
  });
  const tallies = await Promise.all(parts.filter((part) => part !== null));
  return tallies.reduce((sum, { seeds, steps, virtualMs, failed }) => ({
    seeds: sum.seeds + seeds,
    steps: sum.steps + steps,
    virtualMs: sum.virtualMs + virtualMs,
    failed: [...sum.failed, ...failed],
  }));
}

function runPart(first: number, count: number, options: Options): Promise<Tally> {
  const { verifications, hours, faults, stopAtFirst, digests } = options;
  const child = fork(
    fileURLToPath(new URL('main.ts', import.meta.url)),
    [
      ...['--seed', String(first), '--seeds', String(count), '--verifications', String(verifications)],
      ...['--processes', '1'],
      ...(hours === undefined ? [] : ['--hours', String(hours)]),
      ...(faults ? [] : ['--no-faults']),
      ...(stopAtFirst === true ? ['--stop-at-first'] : []),
      ...(digests === true ? ['--digests'] : []),
    ],
    { execArgv: process.execArgv },
  );
  return new Promise((resolve, reject) => {
    child.once('message', (tally) => resolve(tally as Tally));
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`The part from seed ${first} ended with ${code} and no summary`)),
    );
  });
}
