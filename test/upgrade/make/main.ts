/**
 * Makes the data set of a version: runs its producer, worker and command line until their Redis holds every kind of state,
 * and writes down what they hold.
 *
 * `node --import tsx test/upgrade/make/main.ts <checkout of that version, with its node_modules> <file> [later]`. It takes three
 * minutes. With `later`, it leaves an endpoint beside the callback and a test key too, which the first form of 0.1 did not know.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadTestIdNumber } from '../../../sandbox/id-number.ts';
import { startTestRedis } from '../../support/redis.ts';
import { type DataSetHeading, writeDataSet } from '../data-set.ts';
import { dumpKeys } from '../stored-key.ts';
import { Deployment, imageBase64, until } from './deployment.ts';
import { openInstallation, type RunningProcess } from './installation.ts';
import { addFailingEndpoint, submitTest } from './later-features.ts';
import { startReceiver } from './receiver.ts';

const [checkout = '', file = '', features = ''] = process.argv.slice(2);
const installation = openInstallation(resolve(checkout));
const [redis, receiver, otherReceiver] = await Promise.all([
  startTestRedis(),
  startReceiver(),
  startReceiver(),
]);
const sandboxCredentials = {
  SANDBOX_SECRET_ID: 'sandbox-secret-id',
  SANDBOX_SECRET_KEY: 'sandbox-secret-key',
};
const sandbox = await installation.start('sandbox', {
  ...sandboxCredentials,
  SANDBOX_PORT: '0',
  QUOTA_PER_SECOND: '1000000',
  SANDBOX_LATENCY_MIN_MS: '5',
  SANDBOX_LATENCY_MAX_MS: '20',
});
const kept = {
  LANE: 'main',
  VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  OPERATOR_KEY: randomBytes(24).toString('base64url'),
  QUOTA_PER_SECOND: '20',
  ...(features === 'later' ? { TEST_LANE: 'main-test' } : {}),
};
const environment = {
  ...kept,
  REDIS_URL: redis.url,
  LOG_LEVEL: 'warn',
  PORT: '0',
  VERIQUEUE_DATA_DIR: '/nonexistent',
  ALLOW_INSECURE_CALLBACKS: 'true',
  FACEID_ENDPOINT: sandbox.url,
  TENCENTCLOUD_SECRET_ID: sandboxCredentials.SANDBOX_SECRET_ID,
  TENCENTCLOUD_SECRET_KEY: sandboxCredentials.SANDBOX_SECRET_KEY,
  // Longer than it takes to make the data.
  RETRY_BASE: '10m',
  RETRY_CAP: '10m',
  PERSON_PER_DAY: '3',
  SWEEP_INTERVAL: '1s',
};
let later: DataSetHeading['later'];
const producer = await installation.start('producer', environment);
const deployment = new Deployment({ installation, redis, sandbox, producer, receiver, environment });
const limiter: Record<string, [string, string][]> = {};
let people = 100;
const nextPerson = () => loadTestIdNumber(people++);

const say = (line: string) => process.stderr.write(`${line}\n`);
const submit = (client: string, name: string, more: { idCard?: string; idempotencyKey?: string } = {}) =>
  deployment.submit({ client, name, idCard: nextPerson(), ...more });

await deployment.addClient('shop', '/ok');
await deployment.addClient('market', '/fail');
await deployment.addClient('bank', '/ok');
await deployment.addClient('clinic', '/hang');
await deployment.addClient('kiosk', null);
await deployment.addClient('fleet', '/ok');

/** What a worker finishes in peace, and what it leaves for later. */
async function workInPeace(): Promise<void> {
  say('finished, waiting for a retry, a receiver, an operator, tomorrow');
  const worker = await deployment.startWorker({ DELIVERY_SCHEDULE: '0s,10m' });
  await operate('endpoints/hold', {
    endpoint: `${deployment.clients['bank']?.clientId} http://${receiver.address}`,
  });
  const origin = `http://${otherReceiver.address}`;
  const fleet = deployment.clients['fleet']?.clientId ?? '';
  await deployment.cli('client', 'set', fleet, '--origin', origin);
  const [noMatch, failed, regular] = [0, 1, 2].map(nextPerson);
  await deployment.script(noMatch ?? '', ['FailedOperation.CompareLowSimilarity']);
  await deployment.script(failed ?? '', ['InvalidParameterValue']);
  await submit('shop', 'delivered-match', { idempotencyKey: 'order-1' });
  await submit('shop', 'delivered-no-match', { idCard: noMatch ?? '' });
  await submit('shop', 'delivered-failed', { idCard: failed ?? '' });
  await submit('shop', 'redelivered');
  await submit('shop', 'erased', { idempotencyKey: 'order-2' });
  await submit('kiosk', 'without-callback');
  await submit('market', 'delivery-retrying');
  await submit('bank', 'delivery-held');
  for (const name of ['regular-1', 'regular-2', 'regular-3']) {
    await submit('shop', name, { idCard: regular ?? '' });
    await deployment.reach(name, { delivery: 'delivered' });
  }
  await submit('shop', 'deferred-day', { idCard: regular ?? '' });
  for (const name of ['match', 'no-match', 'failed'])
    await deployment.reach(`delivered-${name}`, { delivery: 'delivered' });
  for (const name of ['redelivered', 'erased']) await deployment.reach(name, { delivery: 'delivered' });
  await deployment.reach('without-callback', { status: 'completed', delivery: 'held' });
  await deployment.reach('delivery-retrying', { delivery: 'retrying' });
  await deployment.reach('delivery-held', { delivery: 'held' });
  // A client is not shown that others used up a person's calls.
  await until('deferred-day', () => isDeferred('deferred-day'));
  await dropOrigin(fleet, `${origin}/ok`);
  limiter['running'] = await deployment.limiter();
  await worker.stop();
}

/** A callback at an origin that is taken away before the event is sent: workers remember a client for two seconds. */
async function dropOrigin(fleet: string, callbackUrl: string): Promise<void> {
  await operate('lane/pause', { reason: 'the origin is taken away' });
  await deployment.submit({ client: 'fleet', name: 'origin-withdrawn', idCard: nextPerson(), callbackUrl });
  await deployment.cli('client', 'set', fleet, '--origin', `http://${receiver.address}`);
  await sleep(3_000);
  await operate('lane/resume', {});
  await deployment.reach('origin-withdrawn', { status: 'completed', delivery: 'held' });
}

async function die(): Promise<void> {
  say('dead letters');
  const worker = await deployment.startWorker({ DELIVERY_SCHEDULE: '0s' });
  await submit('market', 'delivery-dead');
  await deployment.reach('delivery-dead', { delivery: 'dead' });
  await worker.stop();
}

/** The account is at fault, then an operator pauses the lane. */
async function close(): Promise<void> {
  say('the limiter suspended and paused');
  const worker = await deployment.startWorker();
  await deployment.script('*', ['UnauthorizedOperation.Arrears']);
  await submit('shop', 'after-arrears');
  await until('the suspension', async () => (await deployment.lane()).status === 'held');
  limiter['suspended'] = await deployment.limiter();
  await deployment.script('*', []);
  await operate('lane/resume', {});
  await deployment.reach('after-arrears', { delivery: 'delivered' });
  await operate('lane/pause', { reason: 'contract under review' });
  limiter['paused'] = await deployment.limiter();
  await operate('lane/resume', {});
  await worker.stop();
}

/** Calls, a delivery and a probe are under way, and the worker is killed. */
async function kill(): Promise<void> {
  say('a worker killed with calls and deliveries under way');
  const worker = await deployment.startWorker({ DELIVERY_CONCURRENCY: '1', UPSTREAM_TIMEOUT: '60s' });
  const limited = nextPerson();
  await deployment.script(limited, ['FailedOperation.IdentityAuthLimitExceeded']);
  await submit('shop', 'deferred-minute', { idCard: limited });
  await deployment.reach('deferred-minute', { status: 'deferred' });
  const retried = nextPerson();
  await deployment.script(retried, ['FailedOperation.CompareSystemError']);
  await submit('shop', 'retrying', { idCard: retried });
  await deployment.reach('retrying', { status: 'retrying' });
  const before = await deployment.callsSoFar();
  for (const name of ['killed-1', 'killed-2', 'killed-3']) {
    const idCard = nextPerson();
    await deployment.script(idCard, [{ fault: 'hang' }, {}]);
    await submit('shop', name, { idCard, idempotencyKey: name });
  }
  await until('the calls that hang', async () => (await deployment.callsSoFar()) >= before + 3);
  await submit('clinic', 'delivering');
  await deployment.reach('delivering', { delivery: 'delivering' });
  await submit('clinic', 'delivery-pending');
  await deployment.reach('delivery-pending', { status: 'completed', delivery: 'pending' });
  const maintained = nextPerson();
  await deployment.script(maintained, ['FailedOperation.CompareLibServiceUnavailable']);
  await submit('shop', 'slowed-down', { idCard: maintained });
  await until('the slow phase', async () => (await deployment.lane()).status === 'slow');
  await deployment.reach('slowed-down', { status: 'queued' });
  await worker.kill();
}

async function leaveToWait(): Promise<void> {
  say('waiting, cancelled, erased, asked for again');
  await submit('shop', 'queued-1', { idempotencyKey: 'order-3' });
  await submit('market', 'queued-2');
  await deployment.submit({ client: 'bank', name: 'queued-bulk-1', idCard: nextPerson(), priority: 'bulk' });
  await deployment.submit({
    client: 'shop',
    name: 'queued-bulk-2',
    idCard: nextPerson(),
    priority: 'bulk',
    idempotencyKey: 'order-4',
  });
  const cancelled = await submit('shop', 'cancelled');
  await deployment.api('shop', 'DELETE', `/v1/verifications/${cancelled}`);
  const ids = new Map((await deployment.record()).map(({ name, id }) => [name, id]));
  await deployment.api('shop', 'DELETE', `/v1/verifications/${ids.get('erased')}?erase=true`);
  await deployment.api('shop', 'POST', `/v1/verifications/${ids.get('redelivered')}/redeliver`);
}

async function isDeferred(name: string): Promise<boolean> {
  const found = (await deployment.record()).find((each) => each.name === name);
  const answer = await deployment.request(`${producer.url}/console/api/verifications/${found?.id}`, {
    headers: { authorization: `Bearer ${kept.OPERATOR_KEY}` },
  });
  const { verification } = (await answer.json()) as { verification: { status: string } };
  return verification.status === 'deferred';
}

async function operate(path: string, body: unknown): Promise<Response> {
  return deployment.request(`${producer.url}/console/api/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${kept.OPERATOR_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function signIn(): Promise<string> {
  const answer = await deployment.request(`${producer.url}/console/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: producer.url, 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ key: kept.OPERATOR_KEY }),
  });
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

async function save(stopFirst: RunningProcess, sessionCookie: string): Promise<void> {
  const verifications = await deployment.record();
  for (const { name, status, delivery } of verifications) say(`${name}: ${status}, ${delivery}`);
  for (const [name, ...wanted] of [
    ['retrying', 'retrying', 'pending'],
    ['deferred-minute', 'deferred', 'pending'],
    ['delivering', 'completed', 'delivering'],
    ['delivery-pending', 'completed', 'pending'],
    ['delivery-retrying', 'completed', 'retrying'],
    ['killed-1', 'verifying', 'pending'],
  ]) {
    const found = verifications.find((each) => each.name === name);
    if (found?.status === wanted[0] && found?.delivery === wanted[1]) continue;
    throw new Error(`Cannot save: ${name} must be ${wanted}, received ${found?.status}, ${found?.delivery}`);
  }
  await stopFirst.stop();
  const [seconds, micros] = await deployment.redis.time();
  const heading: DataSetHeading = {
    version: '0.1.0',
    recordedAt: Number(seconds) * 1000 + Math.floor(Number(micros) / 1000),
    environment: kept,
    addresses: {
      sandbox: sandbox.url.replace('http://', ''),
      receiver: receiver.address,
      otherReceiver: otherReceiver.address,
    },
    clients: deployment.clients,
    sessionCookie,
    imageBase64,
    verifications,
    ...(later === undefined ? {} : { later }),
    limiter,
  };
  const keys = await dumpKeys(deployment.redis);
  await writeFile(file, writeDataSet({ ...heading, keys }));
  say(`${keys.length} keys written to ${file}`);
}

/** What the worker of each later step finds. */
async function addLater(): Promise<void> {
  say('an endpoint beside the callback, and a test that waits in its lane');
  const addresses = { receiver: receiver.address, otherReceiver: otherReceiver.address };
  const endpoint = await addFailingEndpoint(deployment, 'shop', addresses);
  later = { endpoint, test: await submitTest(deployment, 'shop') };
}

if (features === 'later') await addLater();
await workInPeace();
await die();
await close();
await kill();
await leaveToWait();
await save(producer, await signIn());
deployment.redis.disconnect();
await Promise.all([sandbox.stop(), receiver.close(), otherReceiver.close(), redis.stop()]);
