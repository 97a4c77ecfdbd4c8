import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { loadScript } from '../../shared/store/redis/script.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { forgetDeletedPhotos, listPhotosToDelete } from '../../shared/store/subjects/photo-intents.ts';
import type { SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import { claimVerification } from '../../shared/store/verifications/claim.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { silentLog } from '../bench-redis.ts';
import { makePerson } from '../made-up-person.ts';
import { computeMedian } from '../median.ts';
import { createSubmitter } from '../submitter.ts';

const copyScript = loadScript(new URL('./copy-verification.lua', import.meta.url));

export interface WaitingBench {
  readonly url: string;
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
  readonly subjects: SubjectStore;
  readonly photo: Buffer;
}

/** As long as one of a client. */
const CLIENT_ID = 'cli_00000000000000000000bench0';
/** In one script; Redis answers nothing else meanwhile. */
const COPIED_AT_ONCE = 1_000;

/** Copies a bulk verification, all but its photo, until as many wait. @param model its id */
export async function fillUp(
  { redis, keys }: WaitingBench,
  model: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  const { verificationQueue: verifications, deliveryQueue: deliveries } = keys;
  const ofOne = [
    keys.record(model),
    keys.subject(model),
    keys.jobKey(verifications, model),
    keys.jobKey(deliveries, model),
    `${keys.jobKey(deliveries, model)}:dependencies`,
  ];
  const sortedSets = [
    keys.unfinishedIndex(),
    keys.allIndex(),
    keys.clientIndex(CLIENT_ID),
    keys.clientStatusIndex(CLIENT_ID, 'queued'),
    keys.queueKey(verifications, 'prioritized'),
    keys.queueKey(deliveries, 'waitingChildren'),
    keys.shareLine(4, CLIENT_ID),
  ];
  for (let at = from; at < to; at += COPIED_AT_ONCE) {
    const count = Math.min(COPIED_AT_ONCE, to - at);
    await copyScript(redis, [...ofOne, ...sortedSets], [model, at, count]);
  }
}

/** Accepts one verification as the producer does. @returns its id */
export async function submitModel(bench: WaitingBench): Promise<string> {
  await withConnection(bench.url, async (redis) => {
    const submitter = createSubmitter(redis, { ...bench, clientId: CLIENT_ID, priority: 'bulk' });
    await submitter.submit({ ...makePerson(0), photo: bench.photo });
    await submitter.close();
  });
  const [id] = await bench.redis.zrange(bench.keys.allIndex(), '0', '0');
  if (id === undefined) throw new Error('Cannot fill Redis: the model must have been accepted');
  return id;
}

export interface Cost {
  /**
   * CPU of Redis for one verification: acceptance, job, claim, outcome, end of the job, deletion of its photo. What Redis uses by
   * itself is taken off, or a machine that is busy with other things would count it to each verification for as long as that takes.
   */
  readonly redisMicros: number;
  /** The same work, the store of photos included, as it passed: median. */
  readonly wallMs: number;
  /** Time of Redis for one verification by command, those within scripts included, in µs: what grows, grows in one of them. */
  readonly commandMicros: ReadonlyMap<string, number>;
}

/** Takes interactive verifications through everything that touches Redis and the store, one after another. */
export async function measureCost(bench: WaitingBench, count: number): Promise<Cost> {
  return withConnection(bench.url, async (redis) => {
    const { keys } = bench;
    const submitter = createSubmitter(redis, { ...bench, clientId: CLIENT_ID });
    const worker = new Worker(keys.verificationQueue, null, {
      connection: bench.redis,
      prefix: keys.queuePrefix,
    });
    await worker.waitUntilReady();
    const walls: number[] = [];
    const idleMicrosPerMs = await measureIdle(bench.redis);
    await bench.redis.config('RESETSTAT');
    const began = performance.now();
    const before = await readCpu(bench.redis);
    for (let serial = 1; serial <= count; serial += 1) {
      const began = performance.now();
      await submitter.submit({ ...makePerson(serial), photo: bench.photo });
      await workOnNext(bench, worker);
      walls.push(performance.now() - began);
    }
    const after = await readCpu(bench.redis);
    const idleMicros = idleMicrosPerMs * (performance.now() - began);
    const commandMicros = await readCommandMicros(bench.redis, count);
    await submitter.close();
    await worker.close();
    const redisMicros = ((after - before) * 1e6 - idleMicros) / count;
    return { redisMicros, wallMs: computeMedian(walls), commandMicros };
  });
}

async function workOnNext({ redis, keys, subjects }: WaitingBench, worker: Worker): Promise<void> {
  const token = makeRunToken();
  const job = await worker.getNextJob(token);
  const id = job?.id;
  if (job === undefined || id === undefined) throw new Error('Cannot measure: a job must wait');
  const context = { redis, keys, subjects, workerId: 'bench' };
  const of = { id, clientId: CLIENT_ID, day: '2026-03-02' };
  const claim = await claimVerification(context, { ...of, token });
  if (claim.status !== 'claimed' || claim.subject.status !== 'read') {
    throw new Error('Cannot measure: the verification must be claimed with its photo');
  }
  const row = resolveOutcome('Veriqueue.Quarantined');
  await finishVerification(context, {
    ...of,
    status: 'failed',
    call: null,
    outcome: {
      verdict: 'error',
      code: row.code,
      description: row.code,
      sim: null,
      requestId: null,
      action: 'none',
      billed: false,
      possiblyBilledAgain: false,
      completedAt: new Date().toISOString(),
    },
  });
  await job.moveToCompleted(null, token, false);
  const gone = await listPhotosToDelete({ redis, keys }, { offset: 0, limit: 100 });
  await Promise.all(gone.map((photoAt) => subjects.remove(photoAt)));
  await forgetDeletedPhotos({ redis, keys }, gone);
}

/** Seconds of Redis' main thread and its helpers. */
async function readCpu(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return of('used_cpu_sys') + of('used_cpu_user');
}

const IDLE_MS = 3_000;

/** @returns µs of CPU in each ms in which nothing is asked of it: its cron, which goes on growing tables after they were filled */
async function measureIdle(redis: Redis): Promise<number> {
  const before = await readCpu(redis);
  const began = performance.now();
  await sleep(IDLE_MS);
  const after = await readCpu(redis);
  return ((after - before) * 1e6) / (performance.now() - began);
}

async function readCommandMicros(redis: Redis, count: number): Promise<ReadonlyMap<string, number>> {
  const stats = await redis.info('commandstats');
  return new Map(
    [...stats.matchAll(/^cmdstat_([\w|]+):calls=\d+,usec=(\d+)/gm)].map(([, name = '', usec]) => [
      name,
      Number(usec) / count,
    ]),
  );
}

export async function readUsedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

async function withConnection<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = openRedis({ url, log: silentLog, name: 'bench-photos' }, 'unbatched');
  await waitUntilReady(redis, 10_000);
  try {
    return await use(redis);
  } finally {
    await closeRedis(redis);
  }
}
