import { createWriteStream, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { makePlan, plan as planSchema } from './plan.ts';
import { openLuaEngine } from './redis/lua-engine.ts';
import type { Recorded } from './redis/server.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { tellStory } from './story.ts';

interface Options {
  readonly seed: number;
  readonly verifications: number;
  readonly faults: boolean;
  readonly trace?: string;
  readonly record?: string;
  readonly shrink?: true;
}

/** Runs a single plan and prints what came of it. @returns whether a promise was broken */
export async function runPlan(text: string | undefined, options: Options): Promise<boolean> {
  const made = makePlan(options.seed, options.verifications);
  const given = text === undefined ? made : planSchema.parse(JSON.parse(text));
  const plan = options.faults ? given : { ...given, faults: [] };
  const engine = await openLuaEngine();
  const recorded: Recorded[] = [];
  const simulation = await simulate(plan, {
    engine,
    keepTrace: options.trace !== undefined,
    ...(options.record === undefined ? {} : { record: (each) => recorded.push(each) }),
  });
  if (options.trace !== undefined) writeFileSync(options.trace, `${simulation.trace.join('\n')}\n`);
  if (options.record !== undefined) await writeLines(options.record, recorded);
  process.stdout.write(tellStory(simulation));
  if (options.shrink === true && simulation.breaches.length > 0) {
    const shortest = await shrink(simulation, engine);
    process.stdout.write(
      `\nThe shortest plan that was found:\n\n${tellStory(shortest)}\n${JSON.stringify(shortest.plan)}\n`,
    );
  }
  return simulation.breaches.length > 0;
}

async function writeLines(file: string, entries: readonly unknown[]): Promise<void> {
  const out = createWriteStream(file);
  for (const entry of entries) out.write(`${JSON.stringify(entry)}\n`);
  out.end();
  await finished(out);
}
