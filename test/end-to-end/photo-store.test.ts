import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openProducer } from '../../producer/library/open-producer.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { runJson } from '../cli/run-cli.ts';
import { type Chain, type ChainOptions, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, photo, photoBase64 } from '../support/person.ts';
import { type S3Fault, type S3StandIn, startS3StandIn } from '../support/s3-stand-in.ts';

/** A busy machine gets much more than it takes before a test gives up. */
const PATIENCE = { timeout: 60_000, interval: 20 };

const makeKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

let s3: S3StandIn;
let chains: Chain[];
let chain: Chain;
beforeEach(async () => {
  s3 = await startS3StandIn();
  chains = [];
});
afterEach(async () => {
  await Promise.all(chains.map((each) => each.stop()));
  await s3.stop();
});

async function start({ environment, ...options }: ChainOptions = {}): Promise<Chain> {
  const started = await startChain({ ...options, environment: { ...s3.environment, ...environment } });
  chains.push(started);
  return started;
}

const remove = (id: string, query = '') =>
  chain.call(`/v1/verifications/${id}${query}`, { method: 'DELETE' });

const submit = (key: string) =>
  chain.call('/v1/verifications', {
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson())),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });

const outcomeOf = async (id: string, at = chain) => (await at.receiver.eventOf(id, 60_000)).data.outcome;
const kept = (id: string) => chain.redis.hkeys(chain.keys.subject(id));
const toDelete = () => chain.redis.zcard(chain.keys.photosToDelete());
const readJson = async (url: string) => (await fetch(url)).json() as Promise<Record<string, unknown>>;

/** Every key of the lane but what stands for clients, what is expected, and the queues' own bookkeeping. */
async function listTraces(): Promise<string[]> {
  const { redis, keys } = chain;
  const found = await redis.keys(`${keys.queuePrefix}:*`);
  const lasting = /:(meta|id|events|pc|marker|write-probe)$/;
  const others = [
    keys.apiKeys(),
    keys.apiKeyUses(),
    keys.client(chain.client.clientId),
    keys.photosExpected(),
  ];
  return found.filter((key) => !lasting.test(key) && !others.includes(key)).sort();
}

/** As if the time had passed in which submissions are accepted. */
async function letExpectedPass(): Promise<void> {
  const { redis, keys } = chain;
  for (const photoAt of await redis.zrange(keys.photosExpected(), '0', '-1')) {
    await redis.zadd(keys.photosExpected(), 1, photoAt);
  }
}

describe('a photo in an object store', () => {
  test('waits sealed, is asked with, and is gone after the outcome', async () => {
    chain = await start({ workers: 0 });
    const { id } = await chain.submit();
    expect((await kept(id)).sort()).toEqual(['fields', 'key', 'photoAt']);
    const [name = ''] = s3.photos();
    expect(name).toContain(`photos/faces/${chain.keys.lane}/`);
    expect(name).toContain(`/${id}/`);
    const object = s3.objects.get(name);
    expect(object?.length).toBe(photo.length + 29);
    expect([photo.subarray(500, 520), Buffer.from(id)].map((part) => object?.includes(part))).toEqual([
      false,
      false,
    ]);
    await chain.addWorker();
    expect(await outcomeOf(id)).toMatchObject({ verdict: 'match' });
    await s3.holds(0);
    await expect.poll(toDelete, PATIENCE).toBe(0);
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);
  });

  test('costs Redis no more than a small one', async () => {
    chain = await start({ workers: 0 });
    const large = Buffer.concat([photo, Buffer.alloc(300_000, 7)]).toString('base64');
    const answer = await chain.call('/v1/verifications', {
      method: 'POST',
      body: JSON.stringify({ ...makeSubmission(makePerson()), imageBase64: large }),
      headers: { 'content-type': 'application/json' },
    });
    const { id } = (await answer.json()) as Verification;
    expect(await chain.redis.memory('USAGE', chain.keys.subject(id))).toBeLessThan(1_000);
  });

  test('is gone after a cancellation and an erasure, which need no store', async () => {
    chain = await start({ workers: 0 });
    const [cancelled, erased] = [await chain.submit(), await chain.submit()];
    await s3.goAway();
    expect((await remove(cancelled.id)).status).toBe(200);
    expect((await remove(erased.id, '?erase=true')).status).toBe(204);
    expect([await kept(cancelled.id), await kept(erased.id), await toDelete()]).toEqual([[], [], 2]);
    await s3.comeBack();
    await chain.addWorker();
    await s3.holds(0);
  });

  test('is gone when it has waited too long, and when its record cannot be read', async () => {
    chain = await start({ environment: { SUBJECT_TTL: '1s', SWEEP_INTERVAL: '100ms' }, workers: 0 });
    const [expired, unreadable] = [await chain.submit(), await chain.submit()];
    await chain.redis.hset(chain.keys.record(unreadable.id), 'status', 'no status');
    await expect.poll(() => Date.now() - Date.parse(expired.submittedAt), PATIENCE).toBeGreaterThan(1_000);
    await chain.addWorker();
    expect(await outcomeOf(expired.id)).toMatchObject({ code: 'Veriqueue.SubjectExpired' });
    await s3.holds(0);
  });

  test('is found by no worker any more where its bytes are another’s, or are missing', async () => {
    chain = await start({ workers: 0 });
    const [a, b, missing, whole] = [
      await chain.submit(),
      await chain.submit(),
      await chain.submit(),
      await chain.submit(),
    ];
    const nameOf = (id: string) => s3.photos().find((name) => name.includes(id)) ?? '';
    const [ofA, ofB] = [nameOf(a.id), nameOf(b.id)];
    const bytes = s3.objects.get(ofA) ?? Buffer.alloc(0);
    s3.objects.set(ofA, s3.objects.get(ofB) ?? Buffer.alloc(0));
    s3.objects.set(ofB, bytes);
    s3.objects.delete(nameOf(missing.id));
    await chain.addWorker();
    for (const { id } of [a, b, missing]) {
      expect(await outcomeOf(id)).toMatchObject({ code: 'Veriqueue.SubjectUnreadable', billed: false });
    }
    expect(await outcomeOf(whole.id)).toMatchObject({ verdict: 'match' });
    const reasons = chain.log.lines.filter(({ event }) => event === 'subject_unreadable');
    expect(reasons.map(({ verification, reason }) => [verification, reason]).sort()).toEqual(
      [
        [a.id, 'tampered'],
        [b.id, 'tampered'],
        [missing.id, 'incomplete'],
      ].sort(),
    );
    expect(chain.sandbox.stats().requests).toBe(1);
  });

  test('is opened after the sealing keys were rotated while it waited', async () => {
    const oldKey = makeKey('k1');
    chain = await start({ workers: 0, environment: { VERIQUEUE_KEYS: oldKey } });
    const { id } = await chain.submit();
    const newKey = makeKey('k2');
    await runJson(['keys', 'rotate'], { ...chain.environment, VERIQUEUE_KEYS: `${newKey},${oldKey}` });
    await chain.addWorker({ VERIQUEUE_KEYS: newKey });
    expect((await chain.verification(id)).attempts.length).toBeLessThan(2);
    await expect.poll(async () => (await chain.verification(id)).status, PATIENCE).toBe('completed');
  });

  test('is submitted by the library, and by a form', async () => {
    chain = await start();
    const { REDIS_URL = '', VERIQUEUE_KEYS = '', LANE = '' } = chain.environment;
    const producer = await openProducer({
      redisUrl: REDIS_URL,
      keys: VERIQUEUE_KEYS,
      lane: LANE,
      clientId: chain.client.clientId,
      photoStore: s3.environment['PHOTO_STORE'],
      photoStoreEndpoint: s3.url,
      photoStoreRegion: s3.environment['PHOTO_STORE_REGION'],
      photoStorePathStyle: true,
      photoStoreAccessKeyId: s3.environment['PHOTO_STORE_ACCESS_KEY_ID'],
      photoStoreSecretAccessKey: s3.environment['PHOTO_STORE_SECRET_ACCESS_KEY'],
    });
    const outcome = await producer.submit({ ...makePerson(), imageBase64: photoBase64 });
    if (outcome.status !== 'accepted') throw new Error(`It must be accepted, received ${outcome.status}`);
    s3.fail('PUT', { how: 'status', status: 403, code: 'AccessDenied' });
    expect(await producer.submit({ ...makePerson(), imageBase64: photoBase64 })).toMatchObject({
      status: 'refused',
      problem: { code: 'photo_store_unavailable' },
      retryAfterMs: 1_000,
    });
    await producer.close();
    expect(await outcomeOf(outcome.verification.id)).toMatchObject({ verdict: 'match' });
    await s3.holds(0);
  });
});

describe('a submission whose photo cannot be kept', () => {
  test.each<[string, S3Fault]>([
    ['refuses', { how: 'status', status: 403, code: 'AccessDenied' }],
    ['is overloaded', { how: 'status', status: 503, code: 'SlowDown' }],
    ['breaks off', { how: 'reset' }],
    ['gives no answer in time', { how: 'hang' }],
  ])('is refused when the store %s, leaves nothing, and goes through afterwards', async (_, fault) => {
    chain = await start({ workers: 0, environment: { PHOTO_STORE_TIMEOUT: '300ms' } });
    const before = await listTraces();
    s3.fail('PUT', fault);
    const refused = await submit('again');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ code: 'photo_store_unavailable' });
    expect(await listTraces()).toEqual(before);
    expect(await readJson(`${chain.url}/readyz`)).toMatchObject({ status: 'ready', photoStore: 'away' });
    s3.recover();
    await expect.poll(async () => (await submit('again')).status, PATIENCE).toBe(202);
    expect(await readJson(`${chain.url}/readyz`)).toMatchObject({ photoStore: 'ready' });
    expect(s3.photos()).toHaveLength(1);
  });

  test('is refused at once while the store is known to be away', async () => {
    chain = await start({ workers: 0 });
    await s3.goAway();
    expect((await submit('a')).status).toBe(503);
    await expect.poll(async () => (await submit('b')).status, PATIENCE).toBe(503);
    const lost = chain.log.lines.filter(({ event }) => event === 'photo_store_lost');
    expect(lost).toMatchObject([{ reason: 'ECONNREFUSED' }]);
  });

  test('has written it all the same where only the answer was lost, and is accepted', async () => {
    chain = await start();
    s3.fail('PUT', { how: 'lost' }, 2);
    const { id } = await chain.submit();
    expect(await outcomeOf(id)).toMatchObject({ verdict: 'match' });
    await s3.holds(0);
  });

  test('leaves a photo that is deleted, when Redis refuses the rest of it', async () => {
    chain = await start({ workers: 0 });
    const before = await listTraces();
    const counter = chain.keys.jobKey(chain.keys.verificationQueue, 'pc');
    await chain.redis.set(counter, 'not a number');
    expect((await submit('part')).status).toBe(503);
    expect(await listTraces()).toEqual(before);
    expect(s3.photos()).toHaveLength(1);
    await chain.redis.set(counter, '0');
    await letExpectedPass();
    expect((await submit('part')).status).toBe(202);
    const [accepted] = await chain.redis.keys(chain.keys.subject('*'));
    const stays = String(await chain.redis.hget(accepted ?? '', 'photoAt')).slice('s3://'.length);
    chain.sandbox.script('*', [{ code: 'UnauthorizedOperation.Arrears' }]);
    await chain.addWorker({ PROBE_INTERVAL: '1h' });
    await s3.holds(1);
    expect(s3.photos()).toEqual([stays]);
  });
});

describe('work that waits while the object store is away', () => {
  test('is not claimed, uses no attempt and no quota, and goes on when the store is back', async () => {
    chain = await start({ workers: 0 });
    const submitted = await Promise.all([chain.submit(), chain.submit(), chain.submit()]);
    await s3.goAway();
    const worker = await chain.addWorker();
    await chain.log.line(({ event }) => event === 'photo_store_lost', { withinMs: 60_000 });
    await expect
      .poll(() => readJson(`${worker.url}/readyz`), PATIENCE)
      .toMatchObject({ redis: 'ready', photoStore: 'away' });
    expect(await (await fetch(`${worker.url}/metrics`)).text()).toMatch(
      /veriqueue_photo_store_up\{[^}]*\} 0/,
    );
    await expect
      .poll(
        async () =>
          (await Promise.all(submitted.map(({ id }) => chain.verification(id)))).map(({ status }) => status),
        PATIENCE,
      )
      .toEqual(['queued', 'queued', 'queued']);
    expect(chain.sandbox.stats().requests).toBe(0);
    await s3.comeBack();
    for (const { id } of submitted) {
      expect(await outcomeOf(id)).toMatchObject({ verdict: 'match', possiblyBilledAgain: false });
      expect((await chain.verification(id)).attempts).toHaveLength(1);
    }
    expect(chain.sandbox.stats().requests).toBe(3);
    await chain.log.line(({ event }) => event === 'photo_store_back', { withinMs: 60_000 });
    await s3.holds(0);
  });

  test.each<[string, S3Fault]>([
    ['refuses to read', { how: 'status', status: 403, code: 'AccessDenied' }],
    ['breaks off', { how: 'reset' }],
    ['gives half of it', { how: 'cut' }],
    ['gives no answer in time', { how: 'hang' }],
  ])('waits also for a store that %s', async (_, fault) => {
    chain = await start({ workers: 0, environment: { PHOTO_STORE_TIMEOUT: '300ms' } });
    const { id } = await chain.submit();
    s3.fail('GET', fault);
    await chain.addWorker();
    await chain.log.line(({ event }) => event === 'photo_store_lost', { withinMs: 60_000 });
    await expect.poll(async () => (await chain.verification(id)).status, PATIENCE).toBe('queued');
    s3.recover();
    expect(await outcomeOf(id)).toMatchObject({ verdict: 'match' });
    expect((await chain.verification(id)).attempts).toHaveLength(1);
  });

  test('is shredded with its outcome where the photo cannot be deleted, which happens afterwards', async () => {
    chain = await start({ workers: 0 });
    const { id } = await chain.submit();
    s3.fail('DELETE', { how: 'status', status: 403, code: 'AccessDenied' });
    const worker = await chain.addWorker();
    expect(await outcomeOf(id)).toMatchObject({ verdict: 'match' });
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);
    await chain.log.line(({ event }) => event === 'photos_not_deleted', { withinMs: 60_000 });
    const metrics = await (await fetch(`${chain.url}/metrics`)).text();
    expect(metrics).toMatch(/veriqueue_photos_to_delete\{[^}]*\} 1/);
    expect(await readJson(`${worker.url}/readyz`)).toMatchObject({ photoStore: 'ready' });
    s3.recover();
    await s3.holds(0);
    await expect.poll(toDelete, PATIENCE).toBe(0);
  });

  test('is finished by another worker when one is killed in the middle of it', async () => {
    chain = await start({ workers: 0 });
    const person = makePerson();
    chain.sandbox.script(person.idCard, [{ code: 'Success', latencyMs: 60_000 }, 'Success']);
    const doomed = await chain.addWorkerProcess();
    const { id } = await chain.submit(person);
    await expect.poll(() => chain.sandbox.calls(person.idCard).calls, PATIENCE).toBe(1);
    process.kill(doomed.pid, 'SIGKILL');
    await doomed.ended;
    expect(s3.photos()).toHaveLength(1);
    await chain.addWorkerProcess();
    expect(await outcomeOf(id)).toMatchObject({ verdict: 'match', possiblyBilledAgain: true });
    await s3.holds(0);
  });
});

test('work that waits goes on when a deployment moves to another store, and back', async () => {
  const shared = { LANE: 'moving', VERIQUEUE_KEYS: makeKey('k1') };
  const inRedis = await startChain({ workers: 0, environment: shared });
  chains.push(inRedis);
  const redis = inRedis.redisServer;
  const inS3 = await start({ redis, workers: 0, environment: shared });
  const [old, moved] = [await inRedis.submit(), await inS3.submit()];
  expect(s3.photos()).toHaveLength(1);
  // A worker that was forgotten finishes what it can, and leaves the rest as it is.
  const forgotten = await inRedis.addWorker();
  expect(await outcomeOf(old.id, inRedis)).toMatchObject({ verdict: 'match' });
  await expect.poll(async () => (await inS3.verification(moved.id)).status, PATIENCE).toBe('queued');
  await forgotten.stop();
  const older = await inRedis.submit();
  await inRedis.addWorker({ ...s3.environment, PHOTO_STORE: `redis,${s3.environment['PHOTO_STORE']}` });
  expect(await outcomeOf(older.id, inRedis)).toMatchObject({ verdict: 'match' });
  expect(await outcomeOf(moved.id, inS3)).toMatchObject({ verdict: 'match' });
  await s3.holds(0);
});
