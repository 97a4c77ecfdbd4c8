import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunningProcess } from '../../dev/start/child.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type Canary, idCards, makeCanary, submissionOf } from './canary.ts';
import { type WatchedProcesses, watchProcesses } from './chain-processes.ts';
import { type EchoingReceiver, startEchoingReceiver } from './echoing-receiver.ts';
import { type Findings, needles, searchEverything } from './findings.ts';
import { type Needle, searchLeaks } from './leak-search.ts';
import {
  type LoadTarget,
  planFailures,
  type RecordingClient,
  recordAnswers,
  scripted,
  setScript,
  submitMalformed,
} from './mixed-load.ts';

const keys = storeKeys('main');
const sealingKey = `k1:${randomBytes(32).toString('base64')}`;
let server: TestRedis;
let redis: Redis;
let receiver: EchoingReceiver;
let processes: WatchedProcesses;
let target: LoadTarget;
let client: RecordingClient;
const workers: RunningProcess[] = [];
const submitted: Verification[] = [];
const samples: Needle[] = [];

let whileWaiting: Findings;
let whenFinal: Findings;
let planted: Findings;

beforeAll(async () => {
  await startParts();
  await submitLoad();
  await sampleSealed();
  whileWaiting = await search();
  await runToTheEnd();
  whenFinal = await search();
  await plant();
  planted = await search();
}, 240_000);

afterAll(async () => {
  await processes?.stop();
  await receiver?.close();
  redis?.disconnect();
  await server?.stop();
});

async function startParts(): Promise<void> {
  processes = watchProcesses();
  [server, receiver] = await Promise.all([startTestRedis(), startEchoingReceiver()]);
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  // As while an operator follows them: what processes log stands in Redis too.
  await redis.set(keys.wantedLogs('debug'), '1');
  const environment = {
    LOG_LEVEL: 'trace',
    REDIS_URL: server.url,
    VERIQUEUE_KEYS: sealingKey,
    ALLOW_INSECURE_CALLBACKS: 'true',
  };
  const [sandbox, producer] = await Promise.all([
    processes.start('sandbox', {
      LOG_LEVEL: 'trace',
      SANDBOX_PORT: '0',
      QUOTA_PER_SECOND: '1000000',
      SANDBOX_LATENCY_MIN_MS: '0',
      SANDBOX_LATENCY_MAX_MS: '5',
    }),
    processes.start('producer', { ...environment, PORT: '0' }),
  ]);
  const ring = parseKeyRing(sealingKey);
  if (!ring.ok) throw new Error('Cannot read the sealing key');
  const { apiKey } = await createClient(
    { redis, keys, keyRing: ring.keyRing },
    { name: 'leak test', callbackUrl: receiver.url, allowedOrigins: ['*'], now: Date.now() },
  );
  target = { url: producer.url, sandboxUrl: sandbox.url, apiKey };
  client = recordAnswers(target);
}

const addWorker = async (): Promise<RunningProcess> => {
  const worker = await processes.start('worker', {
    LOG_LEVEL: 'trace',
    REDIS_URL: server.url,
    VERIQUEUE_KEYS: sealingKey,
    ALLOW_INSECURE_CALLBACKS: 'true',
    FACEID_ENDPOINT: target.sandboxUrl,
    TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
    TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
    QUOTA_PER_SECOND: '500',
    RETRIES: '2',
    RETRY_BASE: '10ms',
    RETRY_CAP: '50ms',
    UPSTREAM_TIMEOUT: '1s',
    PROBE_INTERVAL: '250ms',
    SLOW_PROBE_INTERVAL: '250ms',
  });
  workers.push(worker);
  return worker;
};

/** Two whose answers never come, so that a worker can be killed over them. */
const fatal = [0, 1].map(() => scripted(() => [{ latencyMs: 60_000 }]));
const deferred = [0, 1].map(() =>
  scripted((quote) =>
    Array(9).fill({ code: 'FailedOperation.IdentityAuthLimitExceeded', description: quote }),
  ),
);

async function submitLoad(): Promise<void> {
  await submitMalformed(client, target);
  await submitRepeats();
  await submitDuringOutage();
  for (const { canary, results } of [...fatal, ...deferred, ...planFailures()]) {
    if (results.length > 0) await setScript(target, canary, results);
    submitted.push(await client.submit(canary, { reference: `order ${submitted.length}`, extra: 'kyc' }));
  }
  for (let form = 0; form < 3; form += 1) submitted.push(await client.submitForm(makeCanary()));
  for (const query of ['', '?erase=true', '?erase=true']) {
    const { id } = await client.submit(makeCanary(), { priority: 'bulk' });
    await client.call(`/v1/verifications/${id}${query}`, { method: 'DELETE' });
  }
}

async function submitRepeats(): Promise<void> {
  const once = makeCanary();
  const key = { 'idempotency-key': `${once.idCard} ${encodeURIComponent(once.name)}` };
  const { id } = await client.submit(once, {}, key);
  const again = await client.submit(once, {}, key);
  if (again.id !== id) throw new Error('Cannot repeat a submission: it must give the same verification');
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...key } };
  await client.call('/v1/verifications', { ...init, body: JSON.stringify(submissionOf(makeCanary())) });
}

/** Redis gives no answer: the producer logs, refuses, and takes back what Redis may have taken. */
async function submitDuringOutage(): Promise<void> {
  server.hang();
  const body = JSON.stringify(submissionOf(makeCanary()));
  const headers = { 'content-type': 'application/json' };
  const answer = await client.call('/v1/verifications', { method: 'POST', body, headers });
  server.wake();
  if (answer.status !== 503) throw new Error(`Cannot refuse during an outage: received ${answer.status}`);
  await vi.waitFor(
    async () => {
      if (!(await client.call('/readyz')).ok) throw new Error('Cannot go on: the producer must be ready');
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** Pieces of the ciphertexts as they lie in Redis, to see later that they are gone too. */
async function sampleSealed(): Promise<void> {
  const some = (await redis.keys(keys.subject('*'))).slice(0, 20);
  for (const key of some) {
    for (const [field, sealed] of Object.entries(await redis.hgetallBuffer(key))) {
      samples.push({ secret: `sealed ${field}`, form: key, bytes: sealed.subarray(-40) });
    }
  }
}

async function runToTheEnd(): Promise<void> {
  receiver.failNext(3);
  const doomed = await addWorker();
  await vi.waitFor(
    async () => {
      for (const { canary } of fatal) {
        const calls = await fetch(`${target.sandboxUrl}/sandbox/calls?idCard=${canary.idCard}`);
        const [person] = ((await calls.json()) as { people: { calls: number }[] }).people;
        if (!person || person.calls === 0) throw new Error('Cannot kill yet: the request must have left');
      }
    },
    { timeout: 60_000, interval: 20 },
  );
  // Killed between the refusal and its writing down, the worker would leave them `queued` for the rest of the minute: their
  // person is blocked, and none of their own attempts says so to their client.
  await vi.waitFor(expectDeferred, { timeout: 60_000, interval: 20 });
  process.kill(doomed.pid, 'SIGKILL');
  await doomed.ended;
  await addWorker();
  await cancelDeferred();
  await vi.waitFor(expectAllFinal, { timeout: 60_000, interval: 200 });
  await suspendAccount();
  await lookAtEverything();
}

/** For a moment the account is at fault. On its own: a verification that fails as the probe stands aside for long. */
async function suspendAccount(): Promise<void> {
  const { canary, results } = scripted((quote) => [
    { code: 'UnauthorizedOperation.Arrears', description: quote },
  ]);
  await setScript(target, canary, results);
  submitted.push(await client.submit(canary));
  await vi.waitFor(expectAllFinal, { timeout: 60_000, interval: 100 });
}

const deferredOnes = () => submitted.slice(fatal.length, fatal.length + deferred.length);

async function expectDeferred(): Promise<void> {
  for (const { id } of deferredOnes()) {
    const { status } = await shown(id);
    if (status !== 'deferred') throw new Error(`Cannot kill yet: it must be deferred, received ${status}`);
  }
}

/**
 * One is cancelled, the other erased, while they wait for the upstream's next minute, or for its next day on a machine that is
 * so slow that the minute is over. In between they are asked about, and it is too late for that long.
 */
async function cancelDeferred(): Promise<void> {
  const [cancelled, erased] = deferredOnes();
  if (!cancelled || !erased) throw new Error('Cannot cancel: nothing was submitted');
  for (const path of [cancelled.id, `${erased.id}?erase=true`]) {
    await vi.waitFor(
      async () => {
        const { status } = await client.call(`/v1/verifications/${path}`, { method: 'DELETE' });
        if (status !== 200 && status !== 204) {
          throw new Error(`Cannot cancel ${path}: the answer must be 200 or 204, received ${status}`);
        }
      },
      { timeout: 60_000, interval: 100 },
    );
  }
  submitted.splice(submitted.indexOf(erased), 1);
}

const shown = async (id: string) =>
  (await (await client.call(`/v1/verifications/${id}`)).json()) as Verification;

async function expectAllFinal(): Promise<void> {
  const waiting = await redis.zrange(keys.unfinishedIndex(), '0', '-1');
  const states = await Promise.all(
    submitted.map(({ id }) => redis.hmget(keys.record(id), 'status', 'deliveryStatus')),
  );
  const underWay = states.filter(([status, delivery]) => status !== 'cancelled' && delivery !== 'delivered');
  if (waiting.length + underWay.length > 0) {
    throw new Error(`Cannot go on: all must be final, received ${waiting.length} and ${underWay.join(' ')}`);
  }
}

/** Every answer that shows something. */
async function lookAtEverything(): Promise<void> {
  for (const { id } of submitted) {
    await client.call(`/v1/verifications/${id}`);
    await client.call(`/v1/verifications/${id}/deliveries`);
  }
  await client.call(`/v1/verifications/${submitted.at(-1)?.id}/redeliver`, { method: 'POST' });
  await client.call(`/v1/verifications/${submitted.at(-1)?.id}?erase=true`, { method: 'DELETE' });
  // Too late: it is answered.
  await client.call(`/v1/verifications/${submitted[0]?.id}`, { method: 'DELETE' });
  for (let cursor = ''; ; ) {
    const page = await client.call(`/v1/verifications?limit=50${cursor}`);
    const { nextCursor } = (await page.json()) as { nextCursor: string | null };
    if (nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
  }
  const worker = workers.at(-1)?.url ?? '';
  for (const path of [
    '/livez',
    '/readyz',
    '/metrics',
    '/openapi.json',
    '/docs/',
    '/v1/lane',
    '/v1/outcomes',
  ]) {
    await client.call(path);
  }
  for (const path of ['/readyz', '/metrics']) await client.call(`${worker}${path}`);
}

const search = () =>
  searchEverything({
    redis,
    dataDir: server.dataDir,
    keys,
    processes,
    others: [...client.answers, ...receiver.requests],
    samples,
  });

/** Canaries where none may be, by the ways that data takes: through the API, into each type of key, out of a process. */
async function plant(): Promise<void> {
  const { idCard, name, photo }: Canary = makeCanary();
  const own = makeCanary();
  // Another person's number: of what the submission is about, the producer lets nothing into its open fields.
  await client.submit(own, { reference: idCard, extra: name.slice(0, 10) });
  await redis.set('planted:string', photo);
  await redis.hset('planted:hash', { field: photo.toString('base64') });
  await redis.hset('planted:compact', { field: idCards.find((number) => !number.endsWith('X')) ?? '' });
  await redis.rpush('planted:list', encodeURIComponent(name));
  await redis.sadd('planted:set', Buffer.from(idCard).toString('hex'));
  await redis.zadd('planted:zset', 1, `x${idCard}`);
  await redis.xadd('planted:stream', '*', 'field', JSON.stringify({ idCard }));
  await redis.set(`planted:key:${idCard}`, '');
  // A sandbox that cannot listen says where it tried to.
  await processes.start('sandbox', { HOST: idCard, SANDBOX_PORT: '0' }).catch(() => undefined);
}

const placesOf = (findings: Findings, pattern: RegExp) =>
  findings.places.filter((place) => pattern.test(place)).length;

describe('while verifications wait', () => {
  test('no part of a person can be read anywhere, in any form', () => {
    expect(whileWaiting.hits).toEqual([]);
  });

  test('there was something to find: they are all there, sealed', () => {
    expect(whileWaiting.subjects.length).toBeGreaterThan(60);
    expect(whileWaiting.photosStored).toBe(whileWaiting.subjects.length);
    expect(whileWaiting.sealedBytesIn.filter((place) => place.startsWith('hash '))).toHaveLength(20);
    expect(whileWaiting.sealedBytesIn.some((place) => place.endsWith('.rdb'))).toBe(true);
  });
});

describe('when all are final', () => {
  test('no part of a person can be read anywhere, in any form', () => {
    expect(whenFinal.hits).toEqual([]);
  });

  test('nothing is left of what was sealed', () => {
    expect(whenFinal.subjects).toEqual([]);
    expect(whenFinal.photosStored).toBe(0);
    expect(whenFinal.sealedBytesIn).toEqual([]);
  });

  test('what was searched is all there is', () => {
    expect(placesOf(whenFinal, /^file before the rewrite .*\.aof$/)).toBeGreaterThan(0);
    expect(placesOf(whenFinal, /^file dump\.rdb$/)).toBe(1);
    expect(placesOf(whenFinal, /^file .*\.aof$/)).toBeGreaterThan(0);
    expect(placesOf(whenFinal, /^stream .*:events$/)).toBe(2);
    expect(placesOf(whenFinal, /^stream .*:logs$/)).toBe(1);
    expect(placesOf(whenFinal, /^output .*-(producer|sandbox|worker)$/)).toBe(4);
    expect(placesOf(whenFinal, /^event$/)).toBeGreaterThan(submitted.length - 5);
    for (const status of [200, 202, 204, 400, 401, 404, 405, 409, 415, 422, 503]) {
      expect([status, placesOf(whenFinal, new RegExp(`^answer to \\w+ ${status}$`))]).not.toEqual([
        status,
        0,
      ]);
    }
    expect(whenFinal.bytes).toBeGreaterThan(1_000_000);
  });
});

describe('what is planted', () => {
  test.each([
    [/^string planted:string$/, 'marker'],
    [/^hash planted:hash$/, 'marker'],
    [/^list planted:list$/, 'name'],
    [/^set planted:set$/, 'idCard'],
    [/^zset planted:zset$/, 'idCard'],
    [/^stream planted:stream$/, 'idCard'],
    [/^string planted:key:/, 'idCard'],
    [/^hash \{vq:main\}:record:/, 'idCard'],
    [/^file before the rewrite .*\.aof$/, 'marker'],
    [/^file dump\.rdb$/, 'marker'],
    [/^file dump\.rdb$/, 'idCard'],
    [/^file .*\.aof$/, 'idCard'],
    [/^output .*-sandbox$/, 'idCard'],
    [/^answer to POST 202$/, 'idCard'],
  ])('at %s is found: %s', (place, secret) => {
    const found = planted.hits.filter((hit) => place.test(hit.place) && hit.secret === secret);
    expect(found).not.toEqual([]);
  });

  test('in an event is found', async () => {
    await vi.waitFor(() => expect(searchLeaks(receiver.requests, needles)).not.toEqual([]));
  });

  test('as an integer in a dump is found', () => {
    expect(planted.hits).toContainEqual({ place: 'file dump.rdb', secret: 'idCard', form: '64-bit integer' });
  });
});
