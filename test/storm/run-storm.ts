import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitReadyRedis } from './await-ready-redis.ts';
import { findFreePort } from './free-port.ts';
import { type Judgement, judgeStorm } from './judge.ts';
import type { FaultEntry, UnaskedExit } from './logs.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type RedisPair, startRedisPair } from './redis-pair.ts';
import { computeSchedule, type FaultKind } from './schedule.ts';
import type { StormFacts } from './storm-facts.ts';
import { writeStories, writeStoriesOf } from './story.ts';
import { createSubmitter, type Submitter } from './submitter.ts';
import type { StartSystem, System } from './system.ts';
import { startUpstream, type Upstream } from './upstream.ts';
import { createWeather } from './weather.ts';

export interface StormOptions {
  /** What the storm is called in the table. */
  readonly name: string;
  readonly seed: number;
  readonly jobs: number;
  /** @default every kind there is */
  readonly kinds?: readonly FaultKind[];
  readonly workers: number;
  readonly quotaPerSecond: number;
  readonly fsync: 'always' | 'everysec';
  /** Keeps the output of the processes of a good storm too. */
  readonly keep: boolean;
  readonly redisBinary: string;
  readonly startSystem: StartSystem;
  /** Aborting ends the storm where it is; everything is cleaned up. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface StormReport {
  readonly name: string;
  readonly seed: number;
  readonly jobs: number;
  readonly seconds: number;
  readonly judgement: Judgement;
  /** The faults as they happened. */
  readonly faults: readonly FaultEntry[];
  /** See {@link writeStories}. */
  readonly stories: readonly string[];
  /** Jobs that were marked as possibly billed again without any cause: no promise is broken, but care was too great. */
  readonly remarks: readonly string[];
  /** Where the output of the processes is, and the outside logs in `facts.json`; null when not worth keeping. */
  readonly folder: string | null;
}

const UPSTREAM_TIMEOUT_MS = 3_000;
/** A storm takes at most this long, whatever happens. */
const LIMIT_MS = { base: 120_000, ofJob: 500 };
const LOOK_EVERY_MS = 100;

/**
 * Lets one storm pass over the system and judges what is left of it.
 *
 * @throws Error when it cannot be set up, or is interrupted
 */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-storm-'));
  const closers: (() => Promise<void>)[] = [() => Promise.resolve()];
  const startedAt = Date.now();
  let isWorthKeeping = false;
  try {
    const { facts, redelivered } = await pass(options, folder, closers);
    const judgement = judgeStorm(facts, redelivered);
    isWorthKeeping = options.keep || judgement.breaches.length > 0;
    if (isWorthKeeping) {
      const shown = facts.shown === null ? null : [...facts.shown];
      await writeFile(join(folder, 'facts.json'), `${JSON.stringify({ ...facts, shown })}\n`);
    }
    return {
      name: options.name,
      seed: options.seed,
      jobs: options.jobs,
      seconds: (Date.now() - startedAt) / 1_000,
      judgement,
      faults: facts.faults,
      remarks: writeStoriesOf(judgement.markedWithoutCause, facts),
      stories: writeStories(judgement.breaches, facts),
      folder: isWorthKeeping ? folder : null,
    };
  } finally {
    for (const close of closers.reverse()) {
      await close().catch((error: unknown) => options.say(`cannot clean up: ${String(error)}`));
    }
    const rest = isWorthKeeping ? ['redis-a', 'redis-b'] : ['.'];
    for (const name of rest) await rm(join(folder, name), { recursive: true, force: true });
  }
}

interface Scene {
  readonly redis: RedisPair;
  readonly upstream: Upstream;
  readonly receiver: Receiver;
  readonly system: System;
  readonly unaskedExits: readonly UnaskedExit[];
}

async function setUp(
  { seed, fsync, redisBinary, startSystem, workers, quotaPerSecond }: StormOptions,
  folder: string,
  closers: (() => Promise<void>)[],
): Promise<Scene> {
  const unaskedExits: UnaskedExit[] = [];
  const redis = await startRedisPair({ binary: redisBinary, folder, fsync });
  closers.push(() => redis.stop());
  const upstream = await startUpstream({
    seed,
    port: await findFreePort(),
    callTimeoutMs: UPSTREAM_TIMEOUT_MS,
  });
  closers.push(() => upstream.stop());
  const receiver = await startReceiver();
  closers.push(() => receiver.close());
  const system = await startSystem({
    redis,
    upstreamUrl: upstream.url,
    receiverUrl: receiver.url,
    workers,
    quotaPerSecond,
    upstreamTimeoutMs: UPSTREAM_TIMEOUT_MS,
    folder,
    onUnaskedExit: (exit) => unaskedExits.push(exit),
  });
  closers.push(() => system.stop());
  if (system.webhookSecret !== null) receiver.trust(system.webhookSecret);
  return { redis, upstream, receiver, system, unaskedExits };
}

async function pass(
  options: StormOptions,
  folder: string,
  closers: (() => Promise<void>)[],
): Promise<{ facts: StormFacts; redelivered: number }> {
  const { name, seed, jobs, kinds, say, quotaPerSecond } = options;
  const scene = await setUp(options, folder, closers);
  const { redis, upstream, receiver, system, unaskedExits } = scene;
  const limit = AbortSignal.timeout(LIMIT_MS.base + LIMIT_MS.ofJob * jobs);
  const signal = AbortSignal.any([options.signal, limit]);
  const begun = () => submitter.begun();
  const stage = { redis, upstream, receiver, ...system };
  const weather = createWeather(stage, computeSchedule(seed, jobs, kinds), {
    jobs,
    begun,
    callsUnderWay: upstream.underWay,
    signal,
  });
  const submitter: Submitter = createSubmitter({
    seed,
    jobs,
    url: () => system.url,
    apiKey: system.apiKey,
    gate: (job) => weather.gate(job),
    signal,
  });
  await Promise.all([submitter.run(), weather.run()]);
  options.signal.throwIfAborted();
  say(
    `${name}: the faults are over; waiting for ${submitter.accepted.size - receiver.acknowledged.size} events`,
  );
  upstream.up();
  await receiver.up();
  await awaitReadyRedis(redis.primary());
  const ids = idsOf(submitter);
  await awaitQuiet(scene, ids, options.signal);
  const redelivered = await system.repair(missing(scene, ids));
  if (redelivered > 0) await awaitQuiet(scene, ids, options.signal);
  const residue = await awaitNoResidue(scene, options.signal);
  const facts: StormFacts = {
    jobs,
    quotaPerSecond,
    submissions: submitter.entries,
    calls: await upstream.log(),
    posts: receiver.posts,
    forgeries: receiver.forgeries,
    faults: weather.entries,
    unaskedExits,
    shown: await system.show(ids),
    feed: await system.feed(),
    usage: await system.usage(),
    residue,
  };
  return { facts, redelivered };
}

/** The verification of each accepted job. */
function idsOf({ entries }: Submitter): ReadonlyMap<number, string> {
  return new Map(entries.flatMap(({ job, id }) => (id === null ? [] : [[job, id] as const])));
}

function missing({ receiver }: Scene, ids: ReadonlyMap<number, string>): ReadonlyMap<number, string> {
  return new Map([...ids].filter(([job]) => !receiver.acknowledged.has(job)));
}

/** Resolves when every accepted job has its event, or none has come for a while. */
async function awaitQuiet(
  scene: Scene,
  ids: ReadonlyMap<number, string>,
  signal: AbortSignal,
): Promise<void> {
  let [seen, since] = [-1, Date.now()];
  while (missing(scene, ids).size > 0 && Date.now() - since < scene.system.quietMs) {
    const { size } = scene.receiver.acknowledged;
    if (size !== seen) [seen, since] = [size, Date.now()];
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Work that was never promised may still be under way: a submission that was answered 503, for instance. */
async function awaitNoResidue({ redis, system }: Scene, signal: AbortSignal) {
  const deadline = Date.now() + system.quietMs;
  for (;;) {
    const residue = await redis.primary().ask((admin) => system.residue(admin));
    if (residue.left.length === 0 || Date.now() > deadline) return residue;
    await sleep(500, undefined, { signal });
  }
}
