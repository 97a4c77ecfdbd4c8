import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { makePlan } from './plan.ts';
import { openLuaEngine } from './redis/lua-engine.ts';
import { simulate } from './simulate.ts';
import { tellStory } from './story.ts';
import { realClock } from './world/real-clock.ts';

/** What a night has come to. It is written after each seed, so that one that was interrupted goes on. */
const nightState = z.strictObject({
  nextSeed: z.number().int(),
  seeds: z.number().int(),
  steps: z.number().int(),
  virtualMs: z.number(),
  /** Processor time is the machine's; this is by the clock on the wall. */
  wallMs: z.number(),
  broken: z.array(z.strictObject({ seed: z.number().int(), invariants: z.array(z.string()) })),
});
type NightState = z.output<typeof nightState>;

interface Options {
  readonly night: string;
  readonly seed: number;
  readonly seeds: number;
  readonly hours?: number;
  readonly verifications: number;
}

const HOUR_MS = 3_600_000;
/** Seeds between two lines. */
const LINE_EVERY = 50;

/**
 * Runs seed after seed until it is stopped, or until `hours` or `seeds` are over where they are given. Go on with the same
 * file: the next seed and the totals stand in it.
 *
 * @returns whether a promise was broken, in this run or in one before
 */
export async function runNight(options: Options): Promise<boolean> {
  const engine = await openLuaEngine();
  const state = readState(options);
  const until =
    options.hours === undefined ? Number.POSITIVE_INFINITY : realClock.now() + options.hours * HOUR_MS;
  const last = options.seeds > 1 ? options.seed + options.seeds : Number.POSITIVE_INFINITY;
  process.stdout.write(`From seed ${state.nextSeed} on. ${describe(state)}\n`);
  while (realClock.now() < until && state.nextSeed < last) {
    const began = realClock.now();
    const plan = makePlan(state.nextSeed, options.verifications);
    try {
      const simulation = await simulate(plan, { engine });
      state.steps += simulation.steps;
      state.virtualMs += simulation.virtualMs;
      if (simulation.breaches.length > 0) {
        const invariants = [...new Set(simulation.breaches.map(({ invariant }) => invariant))];
        state.broken.push({ seed: plan.seed, invariants });
        process.stdout.write(tellStory(simulation));
      }
    } catch (error) {
      state.broken.push({ seed: plan.seed, invariants: ['ended_early'] });
      process.stdout.write(`Seed ${plan.seed}: ended early: ${String(error)}\n`);
    }
    state.nextSeed += 1;
    state.seeds += 1;
    state.wallMs += realClock.now() - began;
    writeState(options.night, state);
    if (state.seeds % LINE_EVERY === 0) process.stdout.write(`${describe(state)}\n`);
  }
  process.stdout.write(`${describe(state)}\n`);
  return state.broken.length > 0;
}

function readState({ night, seed }: Options): NightState {
  if (existsSync(night)) return nightState.parse(JSON.parse(readFileSync(night, 'utf8')));
  return { nextSeed: seed, seeds: 0, steps: 0, virtualMs: 0, wallMs: 0, broken: [] };
}

/** Whole, or not at all: an interruption while it is written leaves what was there before. */
function writeState(file: string, state: NightState): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(state)}\n`);
  renameSync(`${file}.part`, file);
}

function describe({ nextSeed, seeds, steps, virtualMs, wallMs, broken }: NightState): string {
  const found =
    broken.length === 0
      ? 'every promise kept'
      : `broken by ${broken.map(({ seed, invariants }) => `${seed} (${invariants.join(', ')})`).join(', ')}`;
  return `${seeds} seeds up to ${nextSeed - 1}, ${steps} steps, ${(virtualMs / HOUR_MS).toFixed(2)} h of their clocks in ${(wallMs / HOUR_MS).toFixed(2)} h: ${found}.`;
}
