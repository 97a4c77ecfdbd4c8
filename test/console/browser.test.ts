import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pauseAccount, resumeAccount } from '../../shared/account/limiter/pause-account.ts';
import { createConsoleSessions } from '../../shared/store/operators/console-sessions.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { hasChromium, startBrowser, type TestBrowser } from './browser.ts';
import { startConsoleUnderTest } from './console-under-test.ts';
import { type OpenConsole, openConsole } from './open-console.ts';
import { storeSettled } from './stored-verifications.ts';

let redis: TestRedis;
let browser: TestBrowser;
let open: OpenConsole;

beforeAll(async () => {
  if (hasChromium) [redis, browser] = await Promise.all([startTestRedis(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await redis?.stop();
});
beforeEach(async () => {
  if (hasChromium) open = await openConsole(redis, browser);
});
afterEach(() => open?.close());

describe.skipIf(!hasChromium)('the page in Chromium', () => {
  test('a wrong key is refused, the right one lets in and is remembered', async () => {
    await open.page.goto('/console');
    await open.page.getByLabel('Operator key').fill('wrong');
    await open.page.getByLabel('Operator key').press('Enter');
    await open.page.getByRole('alert').filter({ hasText: 'This is not the operator key.' }).waitFor();
    await open.signIn();
    await open.page.reload();
    await open.heading().filter({ hasText: 'Running.' }).waitFor();
    await open.page.getByRole('button', { name: 'Sign out' }).click();
    await open.page.getByLabel('Operator key').waitFor();
    // A refused key is an answer of 401, which browsers report.
    expect(open.failures.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('a session that is ended elsewhere brings every open page back to the key, by itself', async () => {
    await open.signIn();
    const second = await open.page.context().newPage();
    await second.goto('/console');
    await second.getByRole('button', { name: 'Sign out' }).waitFor();
    await createConsoleSessions(open.desk.redis, open.desk.keys).endAll(Date.now());
    for (const page of [open.page, second]) await page.getByLabel('Operator key').waitFor();
    await open.signIn();
    await second.reload();
    await second.getByRole('button', { name: 'Sign everybody out' }).click();
    for (const page of [second, open.page]) await page.getByLabel('Operator key').waitFor();
    await second.close();
    expect(open.failures.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('a lane on the sandbox says so above everything, and a live one does not', async () => {
    const { redis: storing, accountKeys: keys } = open.desk;
    const banner = open.page
      .getByRole('note')
      .filter({ hasText: 'Sandbox: no real person is verified here' });
    const join = (livemode: boolean) =>
      storing.hset(keys.upstream(), { endpoint: 'https://x', livemode: livemode ? '1' : '0', account: '' });
    await join(false);
    await open.signIn();
    await banner.waitFor();
    await join(true);
    await banner.waitFor({ state: 'detached' });
    expect(open.failures).toEqual([]);
  });

  test('what changes is shown without being asked for', async () => {
    await open.signIn();
    await open.heading().filter({ hasText: 'nothing waiting' }).waitFor();
    const id = await storeSettled(open.storing, { reference: 'order-17', delivery: 'dead' });
    await open.page.locator('#verifications').waitFor();
    await open.page
      .getByRole('link', { name: `Verification ${id}` })
      .first()
      .waitFor();
    await open.page.getByText('This can wait until the morning: 1 dead letter.').waitFor();
    await open.suspendAccount();
    await open
      .heading()
      .filter({ hasText: 'The account is in arrears: UnauthorizedOperation.Arrears' })
      .waitFor();
    await pauseAccount(open.desk.redis, open.desk.accountKeys, 'moving house');
    await open.heading().filter({ hasText: 'Paused since' }).filter({ hasText: '(moving house)' }).waitFor();
    await resumeAccount(open.desk.redis, open.desk.accountKeys);
    await open.heading().filter({ hasText: 'Running.' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('the lane is paused and resumed without a mouse, after a confirmation', async () => {
    await open.signIn();
    await open.page.getByRole('button', { name: 'Pause…' }).focus();
    await open.page.keyboard.press('Enter');
    await open.page.getByRole('dialog', { name: 'Pause the lane?' }).waitFor();
    await open.page.keyboard.press('Escape');
    await open.page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await open.desk.operator('/console/api/snapshot').then((answer) => answer.text())).toContain(
      '"running"',
    );
    await open.page.getByRole('button', { name: 'Pause…' }).focus();
    await open.page.keyboard.press('Enter');
    await open.page.getByLabel('Reason').focus();
    await open.page.keyboard.type('by keyboard');
    await open.page.keyboard.press('Enter');
    await open.heading().filter({ hasText: '(by keyboard)' }).waitFor();
    await open.page.getByText('Paused, as asked.').waitFor();
    await open.page.getByRole('button', { name: 'Resume…' }).focus();
    await open.page.keyboard.press('Enter');
    await open.page.getByRole('button', { name: 'Resume', exact: true }).focus();
    await open.page.keyboard.press('Enter');
    await open.heading().filter({ hasText: 'Running.' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a dead letter is looked at and redelivered, an endpoint held and released', async () => {
    const id = await storeSettled(open.storing, { reference: 'order-18', delivery: 'dead' });
    const client = await open.desk.addClient({ callbackUrl: 'https://shop.example/events' });
    await open.signIn();
    await open.page.getByLabel('Id or reference').fill('order-18');
    await open.page.getByLabel('Id or reference').press('Enter');
    await open.page.getByText('Found for “order-18”').waitFor();
    await open.page
      .getByRole('link', { name: `Verification ${id}` })
      .last()
      .click();
    const detail = open.page.getByRole('dialog', { name: id });
    await detail.getByText('request-1').waitFor({ state: 'hidden' });
    await detail.getByRole('cell', { name: '500' }).waitFor();
    await detail.getByRole('button', { name: 'Redeliver' }).click();
    await detail.getByText('pending').waitFor();
    await open.page.keyboard.press('Escape');
    await open.page.getByText('Every event got through, or is still under way.').waitFor();
    expect(new URL(open.page.url()).hash).toBe('');

    await open.page.getByRole('button', { name: 'Hold an endpoint…' }).click();
    await open.page.getByLabel('Client and origin').selectOption(`${client.clientId} https://shop.example`);
    await open.page.getByRole('button', { name: 'Hold', exact: true }).click();
    await open.page.getByRole('button', { name: 'Release https://shop.example' }).click();
    await open.page.getByRole('button', { name: 'Release', exact: true }).click();
    await open.page.getByText('No endpoint is failing.').waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a lost connection is shown, and found again', async () => {
    await open.signIn();
    await open.context.setOffline(true);
    const port = Number(new URL(open.desk.url).port);
    await open.desk.stop();
    await open.page.locator('.connection.reconnecting').waitFor();
    await open.context.setOffline(false);
    const again = await startConsoleUnderTest(redis.url, {
      environment: { PORT: String(port), LANE: open.desk.settings.LANE },
    });
    await open.page.locator('.connection.live').waitFor();
    await again.close();
  });
});
