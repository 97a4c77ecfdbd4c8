import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { announceAccounts } from '../../shared/account/known-accounts.ts';
import { pauseAccount, resumeAccount } from '../../shared/account/limiter/pause-account.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { createConsoleSessions } from '../../shared/store/operators/console-sessions.ts';
import { addOperator } from '../../shared/store/operators/operators.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { hasChromium, startBrowser, type TestBrowser } from './browser.ts';
import { startConsoleUnderTest } from './console-under-test.ts';
import { fillConsole } from './every-page.ts';
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
    await open.page.getByRole('alert').filter({ hasText: 'This is not an operator key.' }).waitFor();
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

  test('one account of two is paused and resumed where it is shown, and the lane runs on', async () => {
    const { redis: connection, keys } = open.desk;
    const facts = { quotaPerSecond: 20, weight: 20, clients: null, endpoint: 'https://faceid.example' };
    const known = ['main', 'second'].map((name) => ({
      ...facts,
      name,
      region: null,
      livemode: false,
      announcedAt: Date.now(),
    }));
    await announceAccounts(connection, keys, known, true);
    await open.signIn();
    const panel = open.page.getByRole('region', { name: 'Accounts' });
    await panel.getByRole('button', { name: 'Pause the account second' }).click();
    await open.page.getByRole('dialog', { name: 'Pause the account second?' }).waitFor();
    await open.page.getByLabel('Reason').fill('contract');
    await open.page.getByRole('button', { name: 'Pause', exact: true }).click();
    await panel.getByText('second is paused.').waitFor();
    await panel.getByText('contract').waitFor();
    await open.heading().filter({ hasText: 'Running.' }).waitFor();
    await panel.getByRole('button', { name: 'Resume the account second' }).click();
    await open.page.getByRole('button', { name: 'Resume', exact: true }).click();
    await panel.getByRole('button', { name: 'Pause the account second' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a search leads to one verification, whose event is redelivered where the button is', async () => {
    const id = await storeSettled(open.storing, { reference: 'order-18', delivery: 'dead' });
    await storeSettled(open.storing, { reference: 'order-19' });
    await open.signIn();
    await open.page.keyboard.press('/');
    await open.page.keyboard.type('order-18');
    await open.page.keyboard.press('Enter');
    await open.page.getByRole('heading', { name: 'Found for “order-18”' }).waitFor();
    await open.page.getByRole('link', { name: `Verification ${id}` }).click();
    const detail = open.page.getByRole('article');
    await detail.getByRole('cell', { name: '500' }).waitFor();
    await detail.getByText(id.replace('ver_', 'evt_')).waitFor();
    await detail
      .getByText(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC|[+-]\d{2}:\d{2}$/)
      .first()
      .waitFor();
    await detail.getByRole('button', { name: 'Redeliver' }).click();
    await detail.getByRole('status').filter({ hasText: 'The event is on its way again.' }).waitFor();
    await detail.getByText('pending').waitFor();
    await open.page.goBack();
    await open.page.getByRole('heading', { name: 'Found for “order-18”' }).waitFor();
    await open.page.getByLabel('Id or reference').fill(id);
    await open.page.getByLabel('Id or reference').press('Enter');
    await detail.getByText('order-18').waitFor();
    expect(open.failures).toEqual([]);
  });

  test('verifications are filtered, and the filter is an address', async () => {
    const { clientId, deadId } = await fillConsole(open);
    await open.signIn();
    await open.visit('#/verifications');
    const rows = open.page.locator('.list tbody tr');
    await rows.nth(13).waitFor();
    await open.page.locator('select[name=client]').selectOption({ label: 'Shop front' });
    await open.page.locator('select[name=delivery]').selectOption('dead');
    await open.page.getByRole('link', { name: 'Clear all filters' }).waitFor();
    await rows.nth(1).waitFor({ state: 'detached' });
    await open.page.getByRole('link', { name: `Verification ${deadId}` }).waitFor();
    expect(new URL(open.page.url()).hash).toBe(`#/verifications?delivery=dead&client=${clientId}`);
    await open.page.reload();
    await open.page.getByRole('link', { name: `Verification ${deadId}` }).waitFor();
    expect(await open.page.locator('select[name=delivery]').inputValue()).toBe('dead');
    await open.visit('#/verifications?code=Nothing.Such');
    await open.page.getByText('Nothing found.').waitFor();
    expect(open.failures).toEqual([]);
  });

  test('dead letters are chosen and sent again, and an endpoint is held and released', async () => {
    const { deadId } = await fillConsole(open);
    await open.signIn();
    await open.visit('#/deliveries');
    await open.page.getByLabel(`Choose ${deadId}`).check();
    await open.page.getByRole('button', { name: 'Redeliver 1', exact: true }).click();
    await open.page.getByText('1 event is on the way again.').waitFor();
    await open.page.getByText('Every event got through, or is still under way.').waitFor();
    await open.page.getByText('no callback URL').waitFor();
    await open.page.getByText('0 % of 9 accepted').waitFor();
    await open.page.getByRole('button', { name: 'Hold https://shop.example' }).click();
    await open.page.getByRole('button', { name: 'Hold', exact: true }).click();
    await open.page.getByText('The endpoint is held.').waitFor();
    await open.page.getByRole('button', { name: 'Release https://shop.example' }).click();
    await open.page.getByRole('button', { name: 'Release', exact: true }).click();
    await open.page.getByText('https://shop.example is released').waitFor();
    await open.page.getByRole('button', { name: 'Hold https://shop.example' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a client is made, changed, given a key, and everything stands in Activity', async () => {
    await open.signIn();
    await open.visit('#/clients');
    await open.page.locator('input[name=name]').fill('Till 7');
    await open.page.getByRole('button', { name: 'Create' }).click();
    await open.page.getByText('The client is created.').waitFor();
    await open.page
      .locator('.secrets code')
      .filter({ hasText: /^vq_[0-9a-f]{72}$/ })
      .waitFor();
    await open.page.getByRole('link', { name: 'Till 7' }).click();
    await open.page.getByRole('heading', { name: 'Till 7' }).waitFor();
    await open.page.getByLabel('Callback URL').fill('https://till.example/events');
    await open.page.getByLabel('Budget of a day').fill('500');
    await open.page.getByRole('button', { name: 'Save' }).click();
    await open.page.getByText('Saved.').waitFor();
    await open.page.getByText('0 of 500 billed').waitFor();
    await open.page.getByRole('button', { name: 'Add an API key' }).click();
    await open.page.getByText('Copy the key now').waitFor();
    await open.page
      .getByRole('button', { name: /^Revoke vq_/ })
      .first()
      .click();
    await open.page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await open.page.getByText('The key is revoked.').waitFor();
    await open.visit('#/activity');
    const lines = open.page.locator('tbody tr');
    await lines.filter({ hasText: 'environment' }).filter({ hasText: 'created a client' }).waitFor();
    await lines.filter({ hasText: 'revoked an API key' }).filter({ hasText: 'Till 7' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('an operator is added, uses the key, and is revoked with the open page', async () => {
    await open.signIn();
    await open.visit('#/operators');
    await open.page.getByText('No operator has a key of their own yet').waitFor();
    await open.page.locator('input[name=name]').fill('chen.jie');
    await open.page.getByRole('button', { name: 'Create the key' }).click();
    await open.page.getByText('Copy it now: it cannot be shown again.').waitFor();
    const key = (await open.page.locator('.secrets code').textContent()) ?? '';
    expect(key).toMatch(/^vqo_[0-9a-f]{72}$/);
    await open.page.locator('input[name=name]').fill('night-audit');
    await open.page.locator('select[name=role]').selectOption('read_only');
    await open.page.getByRole('button', { name: 'Create the key' }).click();
    const rows = open.page.locator('main tbody tr');
    await rows.filter({ hasText: 'night-audit' }).filter({ hasText: 'never' }).waitFor();

    const theirs = await browser.open({ baseURL: open.desk.url, locale: 'en-GB' });
    const page = await theirs.newPage();
    await page.goto('/console');
    await page.getByLabel('Operator key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.connection.live').waitFor();
    await open.page.reload();
    await rows.filter({ hasText: 'chen.jie' }).getByRole('cell', { name: '1', exact: true }).waitFor();
    await open.page.getByRole('button', { name: 'Revoke the key of chen.jie' }).click();
    const dialog = open.page.getByRole('dialog', { name: 'Revoke the key of chen.jie?' });
    await dialog.getByText('No other operator has a key that may change things.').waitFor();
    await dialog.getByRole('button', { name: 'Revoke anyway' }).click();
    await open.page.getByText('The key of chen.jie is revoked.').waitFor();
    await page.getByLabel('Operator key').waitFor();
    await theirs.close();
    await open.visit('#/activity');
    const lines = open.page.locator('tbody tr');
    await lines.filter({ hasText: 'revoked an operator' }).filter({ hasText: 'chen.jie' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('an operator who revokes the own key is warned, and signed out', async () => {
    const made = await addOperator(open.desk.redis, open.desk.keys, { name: 'own', readOnly: false, now: 0 });
    await addOperator(open.desk.redis, open.desk.keys, { name: 'other', readOnly: false, now: 0 });
    await open.signIn(made.status === 'added' ? made.key : '');
    await open.visit('#/operators');
    await open.page.locator('tbody tr').filter({ hasText: 'own' }).getByText('you').waitFor();
    await open.page.getByRole('button', { name: 'Revoke the key of own' }).click();
    await open.page.getByText('This is your own key').waitFor();
    await open.page.getByRole('button', { name: 'Revoke anyway' }).click();
    await open.page.getByLabel('Operator key').waitFor();
    // What the page still asked for was refused, which browsers report.
    expect(open.failures.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('shows who takes the quota: share due and had, waiting, calls of the last minute, in both languages', async () => {
    const other = await createClient(open.storing, {
      name: 'Kiosk',
      allowedOrigins: [],
      weight: 300,
      now: 0,
    });
    await open.desk.submitted();
    await open.desk.submitted();
    await open.desk.submitted(undefined, { authorization: `Bearer ${other.apiKey}` });
    await open.desk.redis.hset(open.desk.keys.callsMade(Math.floor(Date.now() / 5_000)), {
      [open.desk.client.clientId]: 3,
      [other.clientId]: 9,
    });
    await open.signIn();
    await open.visit('#/clients');
    const panel = open.page.getByRole('region', { name: 'Shares of the quota' });
    const cellsOf = (client: string) => panel.locator('tr').filter({ hasText: client }).locator('td');
    await panel.getByText('Kiosk').waitFor();
    const cells = (await cellsOf('Kiosk').allTextContents()).slice(0, 5);
    expect(cells).toEqual(['300', '1', '9', '75 %', '75 %']);
    await open.page.getByLabel('Language').selectOption('zh');
    await open.page.getByRole('heading', { name: '配额份额' }).waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a read-only operator sees the pages and can press no button that changes something', async () => {
    const made = await addOperator(open.desk.redis, open.desk.keys, {
      name: 'auditor',
      readOnly: true,
      now: 0,
    });
    const { clientId } = await fillConsole(open);
    await open.signIn(made.status === 'added' ? made.key : '');
    await open.page.getByText('auditor').waitFor();
    expect(await open.page.getByRole('button', { name: 'Pause…' }).isDisabled()).toBe(true);
    await open.visit('#/deliveries');
    await open.page.getByRole('button', { name: 'Hold https://shop.example' }).waitFor();
    expect(await open.page.getByRole('button', { name: 'Redeliver all…' }).isDisabled()).toBe(true);
    await open.visit(`#/clients/${clientId}`);
    await open.page.getByRole('button', { name: 'Save' }).waitFor();
    expect(await open.page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    expect(open.failures).toEqual([]);
  });

  test('texts and times are those that the reader chooses, and stay so', async () => {
    const id = await storeSettled(open.storing, { submittedAt: Date.parse('2026-03-02T02:13:05Z') });
    await open.signIn();
    await open.page.getByLabel('Language').selectOption('zh');
    await open.page.getByRole('link', { name: '总览' }).waitFor();
    await open.page.getByLabel('时区').selectOption('Asia/Shanghai');
    await open.visit(`#/verifications/${id}`);
    await open.page.getByText('2026-03-02 10:13:05 +08:00').first().waitFor();
    await open.page.getByText('照片与信息库中的照片属于同一人').waitFor();
    expect(await open.page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await open.page.getByLabel('时区').selectOption('UTC');
    await open.page.getByText('2026-03-02 02:13:05 UTC').first().waitFor();
    await open.page.reload();
    await open.page.getByText('2026-03-02 02:13:05 UTC').first().waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a Chinese page says in Chinese why the account is held, and what came of an action', async () => {
    await open.desk.post('/console/api/lane/pause', { reason: '审计' });
    await open.desk.post('/console/api/lane/resume');
    await open.suspendAccount();
    await open.signIn();
    await open.page.getByLabel('Language').selectOption('zh');
    await open.heading().filter({ hasText: '账号欠费: UnauthorizedOperation.Arrears' }).waitFor();
    await open.visit('#/activity');
    const line = open.page.locator('tbody tr').filter({ hasText: '暂停通道' });
    await line.waitFor();
    expect((await line.getByRole('cell').allTextContents()).at(-1)).toBe('已暂停');
    expect(open.failures).toEqual([]);
  });

  test('a browser that prefers Chinese gets Chinese', async () => {
    const chinese = await openConsole(redis, browser, { locale: 'zh-CN' });
    try {
      await chinese.page.goto('/console');
      await chinese.page.getByLabel('运维密钥').waitFor();
    } finally {
      await chinese.close();
    }
  });

  test('a chart shows its values to who points at it, from ten minutes to 30 days', async () => {
    await fillConsole(open);
    await open.signIn();
    await open.page.getByRole('button', { name: '30 d', exact: true }).click();
    const chart = open.page.getByRole('img', { name: 'Upstream calls in each 6 h' });
    await chart.waitFor();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('Cannot point at the chart: it must be on the page');
    await open.page.mouse.move(box.x + box.width - 2, box.y + 20);
    await open.page
      .locator('.reading')
      .filter({ hasText: /^\d\d.*: match 7, no match 3, unverifiable 0, error 3$/ })
      .waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a chart is walked by keyboard: each value is spoken once, and a table has them all', async () => {
    await fillConsole(open);
    await open.signIn();
    await open.page.getByRole('button', { name: '30 d', exact: true }).click();
    const chart = open.page.getByRole('application', { name: 'Upstream calls in each 6 h' });
    await chart.waitFor();
    // With the Tab key, as a reader gets there: the periods come before it.
    await open.page.getByRole('button', { name: '30 d', exact: true }).focus();
    await open.page.keyboard.press('Tab');
    expect(await chart.evaluate((element) => element.matches(':focus'))).toBe(true);
    const figure = open.page.locator('figure').filter({ has: chart });
    const spoken = figure.getByRole('status');
    expect(await spoken.textContent()).toBe('');
    await open.page.keyboard.press('ArrowRight');
    await spoken.filter({ hasText: /^\d\d.*: match 7, no match 3, unverifiable 0, error 3$/ }).waitFor();
    await open.page.keyboard.press('ArrowLeft');
    await spoken.filter({ hasText: /: match 0, no match 0, unverifiable 0, error 0$/ }).waitFor();
    expect(await figure.locator('.reading').textContent()).toBe(await spoken.textContent());
    expect(await figure.locator('.cursor').count()).toBe(1);
    await open.page.keyboard.press('End');
    await spoken.filter({ hasText: 'match 7' }).waitFor();
    await open.page.keyboard.press('Escape');
    await figure.locator('.cursor').waitFor({ state: 'detached' });
    await figure.getByText('Values as a table').click();
    const row = figure.getByRole('row').nth(1);
    await row.waitFor();
    expect(await row.getByRole('cell').allTextContents()).toEqual(['7', '3', '0', '3']);
    expect(await figure.getByRole('row').count()).toBe(2);
    expect(open.failures).toEqual([]);
  });

  test('an empty console says how to begin', async () => {
    await open.signIn();
    await open.page.getByText('Nothing has been submitted yet.').waitFor();
    await open.visit('#/verifications');
    await open.page.getByText('None yet. A client submits with POST /v1/verifications.').waitFor();
    await open.visit('#/activity');
    await open.page.getByText('No operator has changed anything yet.').waitFor();
    await open.visit('#/usage');
    await open.page.getByText('No calls in this period.').waitFor();
    expect(open.failures).toEqual([]);
  });

  test('a lost connection is reported as loudly as a fault, on every page, and found again', async () => {
    await open.signIn();
    await open.visit('#/usage');
    await open.page.locator('.connection.live').waitFor();
    await open.context.setOffline(true);
    const port = Number(new URL(open.desk.url).port);
    await open.desk.stop();
    await open.page.locator('.connection.reconnecting').waitFor();
    const alarm = open.page
      .getByRole('alert')
      .filter({ hasText: /No connection since \d\d:\d\d\. What you see is old\./ });
    await alarm.waitFor();
    await open.context.setOffline(false);
    const again = await startConsoleUnderTest(redis.url, {
      environment: { PORT: String(port), LANE: open.desk.settings.LANE },
    });
    await open.page.locator('.connection.live').waitFor();
    await alarm.waitFor({ state: 'detached' });
    await again.close();
  });
});
