/**
 * Lets workers of two versions work on one queue and one account, as in an upgrade, and asks the upstream what it saw:
 * `node --import tsx test/upgrade/side-by-side/main.ts <checkout of the one version> <of the other>`. Half a minute.
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { loadTestIdNumber } from '../../../sandbox/id-number.ts';
import { startTestRedis } from '../../support/redis.ts';
import { Deployment, until } from '../make/deployment.ts';
import { openInstallation, type RunningProcess } from '../make/installation.ts';
import { startReceiver } from '../make/receiver.ts';

const QUOTA = 20;
const SUBMITTED = 300;

const [one, other] = process.argv.slice(2).map((checkout) => openInstallation(resolve(checkout)));
if (!one || !other) throw new Error('Cannot compare: two checkouts must be given');
const [redis, receiver] = await Promise.all([startTestRedis(), startReceiver()]);
const sandbox = await one.start('sandbox', {
  SANDBOX_PORT: '0',
  QUOTA_PER_SECOND: String(QUOTA),
  LOG_LEVEL: 'warn',
});
const environment = {
  REDIS_URL: redis.url,
  VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  VERIQUEUE_DATA_DIR: '/nonexistent',
  ALLOW_INSECURE_CALLBACKS: 'true',
  FACEID_ENDPOINT: sandbox.url,
  TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
  TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
  QUOTA_PER_SECOND: String(QUOTA),
  LOG_LEVEL: 'warn',
  PORT: '0',
};
const producer = await one.start('producer', environment);
const deployment = new Deployment({ installation: one, redis, sandbox, producer, receiver, environment });
await deployment.addClient('shop', '/ok');
for (let person = 0; person < SUBMITTED; person += 1) {
  await deployment.submit({ client: 'shop', name: `order-${person}`, idCard: loadTestIdNumber(person) });
}
const began = Date.now();
const workers: RunningProcess[] = await Promise.all(
  [one, other, one, other].map((installation) => installation.start('worker', environment)),
);
await until('every call', async () => (await deployment.callsSoFar()) >= SUBMITTED);
const stats = await (await fetch(`${sandbox.url}/sandbox/stats`)).json();
process.stdout.write(`${JSON.stringify({ seconds: (Date.now() - began) / 1000, ...(stats as object) })}\n`);
await Promise.all(workers.map((worker) => worker.stop()));
await producer.stop();
deployment.redis.disconnect();
await Promise.all([sandbox.stop(), receiver.close(), redis.stop()]);
