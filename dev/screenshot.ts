import { fileURLToPath } from 'node:url';
import { disableEndpoint } from '../shared/store/endpoints/keep-endpoint-health.ts';
import { ledgerDay } from '../shared/store/usage/ledger.ts';
import { startBrowser } from '../test/console/browser.ts';
import { OPERATOR_KEY, startConsoleUnderTest } from '../test/console/console-under-test.ts';
import { pretendArrivals } from '../test/console/pretend-arrivals.ts';
import { storeSettled } from '../test/console/stored-verifications.ts';
import { startTestRedis } from '../test/support/redis.ts';

/** `node --import tsx dev/screenshot.ts`: makes `docs/console.png`, of a lane that never was. */

const redis = await startTestRedis();
const desk = await startConsoleUnderTest(redis.url, { environment: { LANE: 'main' } });
const storing = { redis: desk.redis, keys: desk.keys, keyRing: desk.settings.VERIQUEUE_KEYS };

async function pretendCalls(): Promise<void> {
  const calls = {
    'shop|Success|billed': 18_204,
    'shop|FailedOperation.LifePhotoPoorQuality|billed': 611,
    'shop|FailedOperation.IdNameMisMatch|billed': 402,
    'shop|FailedOperation.CompareSystemError|unbilled': 57,
    'shop|Veriqueue.WorkerCrashed|unknown': 2,
  };
  for (const [field, count] of Object.entries(calls))
    await desk.redis.hincrby(desk.keys.ledger(ledgerDay(Date.now())), field, count);
}

const shop = await desk.addClient({ name: 'shop', callbackUrl: 'https://shop.example/events' });
await disableEndpoint(
  desk.redis,
  desk.keys,
  `${shop.clientId} https://old.shop.example`,
  Date.now() - 7_000_000,
);
for (let i = 0; i < 14; i += 1) {
  await storeSettled(storing, {
    reference: `order-${4_181 + i}`,
    clientId: shop.clientId,
    submittedAt: Date.now() - (20 - i) * 3_000,
    delivery: i === 3 ? 'dead' : 'delivered',
    outcome: i % 5 === 2 ? { verdict: 'unverifiable', code: 'FailedOperation.LifePhotoPoorQuality' } : {},
  });
}
for (let i = 0; i < 48; i += 1) await desk.submitted();
await Promise.all([pretendArrivals(desk), pretendCalls()]);

const browser = await startBrowser();
const context = await browser.open({ baseURL: desk.url, viewport: { width: 1180, height: 940 } });
const page = await context.newPage();
await page.goto('/console');
await page.getByLabel('Operator key').fill(OPERATOR_KEY);
await page.getByRole('button', { name: 'Sign in' }).click();
await page.getByText('48 waiting').waitFor();
await page.screenshot({ path: fileURLToPath(new URL('../docs/console.png', import.meta.url)) });
await browser.close();
await desk.close();
await redis.stop();
