import { type BenchRedis, compactAof, startBenchRedis } from '../bench-redis.ts';
import { type BuiltModule, builtEntry } from '../built-entry.ts';
import { submissionsDone } from '../chain/submitter-process.ts';
import { type Child, startChild } from '../child.ts';
import type { Contender, Role, Stack, StackOptions } from './contender.ts';

interface Stoppable {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Puts the processes of one stack together: they end in the reverse of the order in which they began. */
export interface StackBuilder {
  readonly redis: BenchRedis;
  /** Remembers a process that others started. */
  keep<Process extends Stoppable>(process: Process): Process;
  start(module: BuiltModule, orders: object): Promise<Child>;
  /** @param start starts the submitting process; not called for a contender that is not wanted */
  add(
    name: string,
    processes: Readonly<Partial<Record<Exclude<Role, 'server' | 'client'>, number>>>,
    start: () => Promise<Child>,
  ): Promise<void>;
}

export async function buildStack(
  { say, only }: StackOptions,
  build: (builder: StackBuilder) => Promise<void>,
): Promise<Stack> {
  const redis = await startBenchRedis(say);
  const running: Stoppable[] = [redis];
  const contenders: Contender[] = [];
  const stop = async () => {
    for (const process of running.toReversed()) await process.stop();
  };
  const keep = <Process extends Stoppable>(process: Process): Process => {
    running.push(process);
    return process;
  };
  const start = async (module: BuiltModule, orders: object) =>
    keep(await startChild(await builtEntry(module), orders));
  const add: StackBuilder['add'] = async (name, processes, startClient) => {
    if (!only(name)) return;
    const client = await startClient();
    contenders.push({
      name,
      processes: { server: redis.pid, ...processes, client: client.pid },
      submit: async (order) => submissionsDone.parse(await client.ask(order)).repeats,
    });
  };
  try {
    await build({ redis, keep, start, add });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    contenders,
    compact: () => compactAof(redis.redis),
    stop,
  };
}
