import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Redis } from 'ioredis';

/** What Redis carries out in one go: a command, a script with the commands in it, or a transaction. */
export interface AtomicStep {
  /** The words of all its commands, keys among them. */
  readonly words: readonly string[];
}

export interface Recording {
  /** What has been carried out since. */
  stop(): Promise<readonly AtomicStep[]>;
}

/** Follows everything that a Redis does (MONITOR). */
export async function recordAtomicSteps(redis: Redis): Promise<Recording> {
  const monitor = await redis.monitor();
  const steps: { words: string[] }[] = [];
  const transactions = new Map<string, { words: string[] }>();
  const end = randomUUID();
  const ended = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, words: string[], source: string) => {
      if (words.includes(end)) resolve();
      stepOf(steps, transactions, source, words[0]?.toLowerCase() ?? '').words.push(...words);
    });
  });
  return {
    stop: async () => {
      await redis.echo(end);
      await ended;
      monitor.disconnect();
      await once(monitor, 'end');
      return steps;
    },
  };
}

/** A script's commands follow it with the source `lua`; those of a transaction stand between MULTI and EXEC. */
function stepOf(
  steps: { words: string[] }[],
  transactions: Map<string, { words: string[] }>,
  source: string,
  command: string,
): { words: string[] } {
  const last = steps.at(-1);
  if (source === 'lua' && last) return last;
  const step = transactions.get(source) ?? { words: [] };
  if (command === 'multi') transactions.set(source, step);
  if (command === 'exec') transactions.delete(source);
  // A script within a transaction finds it as the last step.
  const at = steps.indexOf(step);
  if (at !== -1) steps.splice(at, 1);
  steps.push(step);
  return step;
}
