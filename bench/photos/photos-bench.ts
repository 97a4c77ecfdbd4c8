import { randomBytes } from 'node:crypto';
import { freemem } from 'node:os';
import { z } from 'zod';
import { photoStoreSettings } from '../../shared/config/photo-store-settings.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { openSubjects } from '../../shared/store/subjects/open-subjects.ts';
import { startS3StandIn } from '../../test/support/s3-stand-in.ts';
import { silentLog, startBenchRedis } from '../bench-redis.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';
import {
  type Cost,
  fillUp,
  measureCost,
  readUsedMemory,
  submitModel,
  type WaitingBench,
} from './measure-waiting.ts';

export interface PhotosBenchOptions {
  /** How many wait, least first. */
  readonly waiting: readonly number[];
  readonly photoBytes: number;
  /** Verifications that are measured each time. */
  readonly measured: number;
  /** Redis' `hash-max-listpack-value`, as an operator may set it. */
  readonly packedBytes?: number;
  readonly say: (line: string) => void;
}

/** What one that waits takes at most; more do not fit beside what else the machine does. */
const BYTES_EACH = 6_000;

/** Prints what waiting verifications cost whose photos are in an object store, with few and with very many of them. */
export async function runPhotosBench(options: PhotosBenchOptions): Promise<void> {
  const { say, photoBytes, measured, packedBytes } = options;
  const server = await startBenchRedis(say);
  const s3 = await startS3StandIn();
  // What is filled in is written by no client.
  await server.redis.config('SET', 'appendonly', 'no');
  await server.redis.config('SET', 'save', '');
  if (packedBytes !== undefined) {
    await server.redis.config('SET', 'hash-max-listpack-value', String(packedBytes));
  }
  const keys = storeKeys('bench');
  const subjects = openSubjects(z.object(photoStoreSettings).parse(s3.environment), {
    redis: server.redis,
    keys,
    role: 'reads',
    log: silentLog,
    now: Date.now,
    random: Math.random,
  });
  const bench: WaitingBench = {
    url: server.url,
    redis: server.redis,
    keys,
    keyRing: openKeyRing(makeKeyText()),
    subjects,
    photo: randomBytes(photoBytes),
  };
  try {
    const empty = await readUsedMemory(server.redis);
    const model = await submitModel(bench);
    // The scripts come into Redis' cache.
    await measureCost(bench, measured);
    const most = Math.floor(freemem() / BYTES_EACH);
    let waiting = 1;
    let first: Cost | undefined;
    for (const wanted of options.waiting) {
      const count = Math.min(wanted, most);
      if (count < wanted) say(`  ${wanted} do not fit in this machine's memory: ${count} instead`);
      await fillUp(bench, model, { from: waiting, to: count });
      waiting = Math.max(waiting, count);
      const bytes = ((await readUsedMemory(server.redis)) - empty) / waiting;
      const cost = await measureCost(bench, measured);
      const { redisMicros, wallMs } = cost;
      say(
        `  ${waiting} waiting with photos of ${photoBytes / 1000} kB: ${Math.round(bytes)} bytes of Redis each; ` +
          `one more costs Redis ${redisMicros.toFixed(0)} µs of CPU, ${wallMs.toFixed(1)} ms in all`,
      );
      if (first !== undefined) say(`    ${describeGrowth(first, cost)}`);
      first ??= cost;
    }
  } finally {
    await subjects.close();
    await s3.stop();
    await server.stop();
  }
}

const GROWN_SHOWN = 6;

/** The commands that take Redis most time more than with the fewest waiting; a script's own time includes theirs. */
function describeGrowth(first: Cost, { redisMicros, commandMicros }: Cost): string {
  const grown = [...commandMicros]
    .map(([name, micros]) => ({ name, micros, more: micros - (first.commandMicros.get(name) ?? 0) }))
    .toSorted((a, b) => b.more - a.more)
    .slice(0, GROWN_SHOWN)
    .map(({ name, micros, more }) => `${name} ${(micros - more).toFixed(1)} → ${micros.toFixed(1)}`);
  return `${(redisMicros / first.redisMicros).toFixed(2)} times the CPU; µs by command, grown most: ${grown.join(', ')}`;
}
