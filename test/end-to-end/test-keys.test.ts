import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { accountKeys, storeKeys } from '../../shared/store/keys.ts';
import { runCli, runJson } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

const TEST_LANE = 'tests-of-clients';
const testKeys = storeKeys(TEST_LANE);

let chain: Chain;
let testKey: string;
let testSecret: string;

/** The stand-in is taken for the real service by the live lane's workers, and for the sandbox by those of the test lane. */
beforeAll(async () => {
  chain = await startChain({ environment: { LIVEMODE: 'true', TEST_LANE } });
  await chain.addWorker({ LANE: TEST_LANE, LIVEMODE: 'false' });
  const rotate = ['client', 'rotate-key', chain.client.clientId, '--test'];
  const made = await runJson<{ apiKey: string; webhookSecret: string }>(rotate, chain.environment);
  [testKey, testSecret] = [made.apiKey, made.webhookSecret];
  chain.receiver.trust(testSecret);
});
afterAll(() => chain?.stop());

const as = (apiKey: string) => ({ ...chain.client, apiKey });
const statusOf = async (id: string, apiKey: string) =>
  (await chain.call(`/v1/verifications/${id}`, { as: as(apiKey) })).status;
const submitAs = (apiKey: string) =>
  chain.call('/v1/verifications', {
    as: as(apiKey),
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(makeSubmission(makePerson())),
  });
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];

test('a test key verifies in the sandbox, with livemode false, and leaves the live lane as it was', async () => {
  expect(testKey).toMatch(/^vq_test_[0-9a-f]{72}$/);
  expect(testSecret).not.toBe(chain.client.webhookSecret);
  const { redis, keys } = chain;
  const live = [
    ...[keys.allIndex(), keys.unfinishedIndex(), keys.clientIndex(chain.client.clientId), keys.shares()],
    ...[keys.feed(chain.client.clientId), keys.repeats(), keys.queueKey(keys.verificationQueue, 'events')],
    chain.accountKeys.quota(),
  ];
  const dump = () => Promise.all(live.map((key) => redis.dumpBuffer(key)));
  const ledgers = async () => (await redis.keys(`${keys.tag}:*ledger*`)).sort();
  const before = [await dump(), await ledgers()];

  const answer = await submitAs(testKey);
  const submitted = (await answer.json()) as Verification;
  expect([answer.status, submitted.livemode]).toEqual([202, false]);
  const shown = async () =>
    (await (
      await chain.call(`/v1/verifications/${submitted.id}`, { as: as(testKey) })
    ).json()) as Verification;
  await expect
    .poll(shown, { timeout: 60_000 })
    .toMatchObject({ status: 'completed', livemode: false, delivery: { status: 'delivered' } });
  // The live workers rewrite their quota by themselves; what is counted in it stays.
  const [dumped, written] = [await dump(), await ledgers()];
  expect([dumped.slice(0, -1), written]).toEqual([before[0]?.slice(0, -1), before[1]]);
  expect(await redis.exists(testKeys.record(submitted.id), keys.record(submitted.id))).toBe(1);

  const other = await chain.submit();
  expect(other.livemode).toBe(true);
  const { apiKey } = chain.client;
  expect(await Promise.all([statusOf(submitted.id, testKey), statusOf(other.id, apiKey)])).toEqual([
    200, 200,
  ]);
  expect(await Promise.all([statusOf(submitted.id, apiKey), statusOf(other.id, testKey)])).toEqual([
    404, 404,
  ]);
});

test('a key with submit alone sees no verdict by repeating its submission, nor by a redelivery', async () => {
  const { clientId, apiKey: whole } = chain.client;
  const rotate = ['client', 'rotate-key', clientId, '--scope', 'submit'];
  const { apiKey } = await runJson<{ apiKey: string }>(rotate, chain.environment);
  const body = JSON.stringify(makeSubmission(makePerson()));
  const submitWith = async (key: string) =>
    chain.call('/v1/verifications', {
      as: as(key),
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'submit alone' },
      body,
    });
  const first = (await (await submitWith(apiKey)).json()) as Verification;
  await expect
    .poll(() => chain.verification(first.id), { timeout: 60_000 })
    .toMatchObject({ status: 'completed', delivery: { status: 'delivered' } });
  const again = await submitWith(apiKey);
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
  expect(await again.json()).toMatchObject({
    ...{ id: first.id, status: 'queued', livemode: true, attempts: [], outcome: null },
    delivery: { status: 'pending', attempts: 0 },
  });
  expect(await (await submitWith(whole)).json()).toMatchObject({ id: first.id, status: 'completed' });
  const path = `/v1/verifications/${first.id}/redeliver`;
  const redelivery = await chain.call(path, { as: as(apiKey), method: 'POST' });
  expect(await codeOf(redelivery)).toEqual([403, 'scope_missing']);
});

test('a worker that asks the real service does not enter the lane of test keys', async () => {
  await expect(chain.addWorker({ LANE: TEST_LANE })).rejects.toThrow(
    /^The lane tests-of-clients is for test keys, and http.* is the real service\. Give this worker another LANE/,
  );
});

test('test keys are listed with the others, and are refused with their client', async () => {
  const { clientId } = chain.client;
  const more = await runJson<{ apiKey: string; webhookSecret?: string }>(
    ['client', 'rotate-key', clientId, '--test', '--scope', 'read'],
    chain.environment,
  );
  expect(more.webhookSecret).toBeUndefined();
  const shown = await runJson<{ apiKeys: object[] }>(['client', 'show', clientId], chain.environment);
  expect(shown.apiKeys).toMatchObject([
    { prefix: expect.stringMatching(/^vq_[0-9a-f]{6}$/), scopes: ['submit'] },
    { prefix: expect.stringMatching(/^vq_[0-9a-f]{6}$/) },
    { prefix: more.apiKey.slice(0, 14), scopes: ['read'] },
    { prefix: testKey.slice(0, 14), scopes: ['submit', 'read'] },
  ]);
  expect(await codeOf(await submitAs(more.apiKey))).toEqual([403, 'scope_missing']);
  await runCli(['client', 'revoke-key', clientId, more.apiKey.slice(0, 14)], chain.environment);
  await expect.poll(async () => (await submitAs(more.apiKey)).status, { timeout: 60_000 }).toBe(401);
  await runCli(['client', 'disable', clientId], chain.environment);
  await expect.poll(async () => (await submitAs(testKey)).status, { timeout: 60_000 }).toBe(401);
  await runCli(['client', 'enable', clientId], chain.environment);
  await expect.poll(async () => (await submitAs(testKey)).status, { timeout: 60_000 }).toBe(202);
});

test('a test is refused while a worker of an older version asks the real service for its lane', async () => {
  const upstream = accountKeys(TEST_LANE).upstream();
  await chain.redis.hset(upstream, 'livemode', '1');
  const refused = async () => codeOf(await submitAs(testKey));
  await expect.poll(refused, { timeout: 60_000 }).toEqual([503, 'test_lane_unsafe']);
  await chain.redis.hset(upstream, 'livemode', '0');
});

test('the twin of a client loses the origins that the client loses, is rotated without a key, and goes with its client', async () => {
  const { redis, keys, environment } = chain;
  const twin = testKeys.client;
  const { clientId } = await chain.addClient({ allowedOrigins: ['https://a.example', 'https://b.example'] });
  const add = ['client', 'rotate-key', clientId, '--test'];
  const { apiKey } = await runJson<{ apiKey: string }>(add, environment);
  const originsOf = async () => (await redis.hget(twin(clientId), 'allowedOrigins')) ?? 'none';
  const ofTests = ['client', 'set', clientId, '--origin', 'https://a.example', 'https://b.example'];
  await runCli([...ofTests, 'https://tests.example'], { ...environment, LANE: TEST_LANE });
  await runCli(
    ['client', 'set', clientId, '--origin', 'https://b.example', 'https://c.example'],
    environment,
  );
  const left = ['https://b.example', 'https://tests.example', 'https://c.example'];
  expect(JSON.parse(await originsOf())).toEqual(left);
  // What waits there is erased with it.
  const waiting = (await (await submitAs(apiKey)).json()) as Verification;
  await runCli(['client', 'revoke-key', clientId, apiKey.slice(0, 14)], environment);
  const secretsOf = () => redis.hget(twin(clientId), 'webhookSecrets');
  const before = await secretsOf();
  const newKey = `k9:${randomBytes(32).toString('base64')}`;
  const both = { ...environment, VERIQUEUE_KEYS: `${newKey},${environment['VERIQUEUE_KEYS']}` };
  for (const lane of [{ LANE: TEST_LANE, TEST_LANE: '' }, {}]) {
    await redis.hset(twin(clientId), 'webhookSecrets', before ?? '');
    const { LANE = '', ...rest } = lane;
    await runCli(['keys', 'rotate'], { ...both, ...(LANE === '' ? {} : { LANE }), ...rest });
    expect(await secretsOf()).not.toBe(before);
  }
  const deleted = await runCli(['client', 'delete', clientId, '--cancel', '--yes'], environment);
  expect(deleted).toMatchObject({ code: 0 });
  expect(await redis.exists(keys.client(clientId), twin(clientId))).toBe(0);
  expect(await redis.smembers(testKeys.testTwins())).not.toContain(clientId);
  expect(waiting.livemode).toBe(false);
});
