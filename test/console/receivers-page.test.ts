import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeClient, chooseCallback } from '../../shared/store/clients/change-client.ts';
import { addOperator } from '../../shared/store/operators/operators.ts';
import { setEndpoint } from '../../shared/store/push/change-endpoints.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { answerTest, takeTestRequest } from '../../shared/store/push/test-event.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { hasChromium, startBrowser, type TestBrowser } from './browser.ts';
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

const button = (name: string | RegExp) => open.page.getByRole('button', { name, exact: true });
const region = (name: string) => open.page.getByRole('region', { name, exact: true });
const endpoints = () => region('Endpoints beside the callback');
const endpointOf = (url: string) => endpoints().getByRole('listitem').filter({ hasText: url });

/** As a worker does, without a receiver. @param status of the receiver's answer */
async function answerNextTest(status: number): Promise<{ readonly receiver: string }> {
  const { redis: store, keys } = open.desk;
  const findId = async () => {
    const [found] = await store.keys(`${keys.testEvent('tev_')}*`);
    return found === undefined ? null : found.slice(keys.testEvent('').length);
  };
  await expect.poll(findId, { timeout: 30_000 }).not.toBeNull();
  const id = (await findId()) ?? '';
  const request = (await takeTestRequest(store, keys, id)) ?? expect.fail('it must have been asked for');
  await answerTest(store, keys, id, {
    status: 'sent',
    delivery: {
      webhookId: id.replace('tev_', 'evt_'),
      url: 'https://gone.example/events',
      accepted: status < 300,
      at: new Date().toISOString(),
      durationMs: 41,
      status,
      errorClass: null,
      answer: 'own words of the receiver',
    },
  });
  return request;
}

describe.skipIf(!hasChromium)("the operators' endpoints", () => {
  test('are added, changed, tested and removed on the page of operators', async () => {
    await open.signIn();
    await open.visit('#/operators');
    const panel = region('Where lane events are posted');
    await panel.getByText('Nowhere. Add the address of your alerting').waitFor();
    const url = 'https://alerts.example/veriqueue';
    await panel.getByLabel('URL').fill(url);
    await button('Add the endpoint').click();
    await panel
      .locator('.secrets code')
      .filter({ hasText: /^whsec_/ })
      .waitFor();
    const added = panel.getByRole('listitem').filter({ hasText: url });
    await added.getByText('lane.suspended, lane.resumed').waitFor();
    expect(await added.getByText('Sent beside the signature').count()).toBe(0);
    await button(`Change ${url}`).click();
    await added.getByLabel('lane.resumed').uncheck();
    await added.getByLabel('URL').fill(`${url}/2`);
    await button('Save the endpoint').click();
    await added.locator('dd').getByText('lane.suspended', { exact: true }).waitFor();
    await button(`Change ${url}/2`).click();
    expect(await added.getByLabel('URL').count()).toBe(0);
    await button(`Send a test event to ${url}/2`).click();
    expect(await answerNextTest(204)).toMatchObject({ receiver: expect.stringMatching(/^ep_/) });
    await added.getByText('The receiver took it: 204, in 41 ms.').waitFor();
    await button(`Stop ${url}/2`).click();
    await added.getByText('stopped', { exact: true }).waitFor();
    await button(`New secret for ${url}/2`).click();
    await button('Rotate').click();
    await added
      .locator('.secrets code')
      .filter({ hasText: /^whsec_/ })
      .waitFor();
    expect(await open.desk.read('/console/api/operator-endpoints')).toMatchObject({
      data: [{ url: `${url}/2`, types: ['lane.suspended'], status: 'disabled' }],
    });
    await button(`Remove ${url}/2`).click();
    await button('Remove').click();
    await panel.getByText('The endpoint is removed.').waitFor();
    await panel.getByText('Nowhere.').waitFor();
    await open.visit('#/activity');
    await open.page.locator('tbody tr').filter({ hasText: 'removed an operators’ endpoint' }).waitFor();
    expect(open.failures).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("a client's page", () => {
  test('adds an endpoint, changes, stops, renews and removes it, each where its button is', async () => {
    const { clientId } = await fillConsole(open);
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    const url = 'https://slow.example/new';
    const form = endpoints().locator('form').last();
    await form.getByLabel('URL').fill('https://elsewhere.example/');
    await button('Add the endpoint').click();
    await endpoints().getByText('url: its origin is not allowed for this client').waitFor();
    await form.getByLabel('URL').fill(url);
    await form.getByLabel('verification.deferred').check();
    await form.getByLabel('At most a second').fill('7');
    await button('Add the endpoint').click();
    await endpoints().getByText('Copy the secret now').waitFor();
    await endpoints()
      .locator('.secrets code')
      .filter({ hasText: /^whsec_/ })
      .waitFor();
    const added = endpointOf(url);
    await added.getByText('verification.completed, verification.failed, verification.deferred').waitFor();
    await added.getByText('7 events').waitFor();
    expect(await form.getByLabel('URL').inputValue()).toBe('');

    await button(`Change ${url}`).click();
    await added.getByLabel('URL').fill(`${url}/er`);
    await added.getByLabel('verification.failed').uncheck();
    await added.getByLabel('At most a second').fill('');
    await button('Save the endpoint').click();
    await added.getByText('Saved.').waitFor();
    await added.getByText('as many as it takes', { exact: true }).waitFor();
    await added.getByText('verification.completed, verification.deferred').waitFor();
    await button(`Stop ${url}/er`).click();
    await added.getByText('stopped', { exact: true }).waitFor();
    await button(`Go on with ${url}/er`).click();
    await added.getByText('active', { exact: true }).waitFor();

    await button(`Send again to ${url}/er`).click();
    const dialog = open.page.getByRole('dialog');
    await dialog.getByLabel('After event number').fill('0');
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await added.getByText('They are on their way again.').waitFor();
    await button(`New secret for ${url}/er`).click();
    await button('Rotate').click();
    await added
      .locator('.secrets code')
      .filter({ hasText: /^whsec_/ })
      .waitFor();
    await button(`Remove ${url}/er`).click();
    await button('Remove').click();
    await endpoints().getByText('The endpoint is removed.').waitFor();
    await added.waitFor({ state: 'detached' });

    await open.visit('#/activity');
    await open.page.locator('tbody tr').filter({ hasText: 'removed an endpoint' }).waitFor();
    expect(open.failures.filter((failure) => !failure.includes('422'))).toEqual([]);
  });

  test('tests an endpoint and the callback, and says what was answered, not in whose words', async () => {
    const { clientId } = await fillConsole(open);
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    const gone = 'https://gone.example/events';
    const test = button(`Send a test event to ${gone}`);
    await test.click();
    expect(await answerNextTest(204)).toMatchObject({ clientId, receiver: expect.stringMatching(/^ep_/) });
    await endpointOf(gone).getByText('The receiver took it: 204, in 41 ms.').waitFor();
    await expect.poll(() => test.isEnabled()).toBe(true);
    await button('Send a test event').click();
    expect(await answerNextTest(503)).toEqual({ clientId, receiver: 'callback' });
    const callback = region('Callback');
    await callback.getByText('The receiver did not take it: 503.').waitFor();
    await callback.getByText('headers x-gateway-token; user name and password').waitFor();
    expect(await open.page.textContent('body')).not.toContain('own words');
    expect(open.failures).toEqual([]);
  });

  test('sends the events of a period again, after it was asked for once more', async () => {
    const { clientId } = await fillConsole(open);
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    await open.page.getByRole('link', { name: 'Its deliveries' }).click();
    const panel = region('Send the events of a period again');
    await panel.getByLabel('Submitted from').fill('2020-01-01T00:00');
    await panel.getByLabel('and before').fill('2040-01-01T00:00');
    await panel.getByRole('button', { name: 'Send again…' }).click();
    await open.page.getByText('oldest first, also those that were delivered').waitFor();
    await button('Send the period again').click();
    await panel.getByText('They are on their way, oldest first.').waitFor();
    const done = await open.desk.log.line(
      ({ event, task }) => event === 'operator_task_done' && task === `redeliver events of ${clientId}`,
    );
    expect(done['redelivered']).toBeGreaterThan(0);
    expect(open.failures).toEqual([]);
  });

  test('shows where the events of its test keys go, marked as tests, and nothing of it to press', async () => {
    const { clientId } = await fillConsole(open);
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    const panel = region('Receivers of its test keys');
    await panel.getByText('test', { exact: true }).waitFor();
    const shown = panel.getByRole('listitem').filter({ hasText: 'https://gone.example/of/tests' });
    await shown.getByText('1 event', { exact: true }).waitFor();
    await panel.getByText('https://shop.example/events').waitFor();
    // Copying an id changes nothing.
    expect(await panel.locator('button:not(.small)').count()).toBe(0);
    expect(await endpoints().getByText('of/tests').count()).toBe(0);
    expect(open.failures).toEqual([]);
  });

  test('leads to its deliveries: by place, state and time, in the address, and on to older ones', async () => {
    const { clientId, deadId, endpointId } = await fillConsole(open);
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    await open.page.getByRole('link', { name: 'Deliveries to the callback' }).click();
    await open.page.getByRole('heading', { level: 1, name: 'Deliveries of Shop front' }).waitFor();
    const panel = open.page.locator('[aria-labelledby=delivered]');
    const rows = panel.locator('tbody tr');
    await panel.getByRole('heading', { name: 'To: Callback' }).waitFor();
    // Eight were delivered, and one was given up.
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(9);
    await panel.getByLabel('Status').selectOption('dead');
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(1);
    const dead = rows.filter({ hasText: deadId.slice(-8) });
    await dead.getByText('verification.completed').waitFor();
    expect(await dead.locator('td').nth(4).textContent()).toMatch(/^503 /);
    expect(open.page.url()).toContain(`#/clients/${clientId}/deliveries?status=dead`);
    const early = '2020-01-01T00:00';
    await panel.getByLabel('and before').fill(early);
    await panel.getByText('Nothing found.').waitFor();
    const period = region('Send the events of a period again');
    await expect.poll(() => period.getByLabel('and before').inputValue()).toBe(early);
    await panel.getByRole('link', { name: 'Clear all filters' }).click();
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(9);

    await panel.getByLabel('Endpoint').selectOption(endpointId);
    await panel.getByRole('heading', { name: 'To: https://gone.example/events' }).waitFor();
    // Of the types that it is sent, and none has been sent yet.
    await expect.poll(() => rows.filter({ hasText: 'pending' }).count(), { timeout: 30_000 }).toBe(6);
    await open.page.getByText('#2', { exact: true }).waitFor();
    await period.waitFor({ state: 'detached' });
    await button('Send again to https://gone.example/events').click();
    await open.page.getByRole('dialog').getByLabel('After event number').fill('0');
    await open.page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await panel.getByText('They are on their way again.').waitFor();
    expect(await open.page.textContent('body')).not.toContain('own words');
    expect(open.failures).toEqual([]);

    await open.desk.operator(`/console/api/clients/${clientId}/endpoints/${endpointId}`, {
      method: 'DELETE',
    });
    await open.page.reload();
    await panel.getByText('it is unknown or forgotten').waitFor();
    expect(await panel.getByLabel('Endpoint').inputValue()).toBe(endpointId);
    expect(await rows.count()).toBe(0);
  });

  test('shows more deliveries, page by page', async () => {
    const { clientId } = await fillConsole(open);
    for (let i = 0; i < 20; i += 1) await storeSettled(open.storing, { clientId });
    await open.signIn();
    await open.visit(`#/clients/${clientId}/deliveries`);
    const rows = open.page.locator('[aria-labelledby=delivered] tbody tr');
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(25);
    await button('Show more').click();
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(29);
    expect(await button('Show more').count()).toBe(0);
    expect(open.failures).toEqual([]);
  });

  test('limits and turns off what the client changes itself, and leads to what it did', async () => {
    const { clientId } = await fillConsole(open);
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    await open.page.getByText(/^itself, with vq_[0-9a-f]{6}…$/).waitFor();
    const panel = open.page.getByRole('region', { name: /What it may change itself/ });
    await panel.getByLabel('Endpoints, at most').fill('2');
    await panel.getByLabel('API keys, at most').fill('0');
    await button('Set these limits').click();
    await panel.getByText('Saved.').waitFor();
    await endpoints().getByText('It has 2, which is as many as it may have.').waitFor();
    await button('Turn off…').click();
    await button('Turn off').click();
    await panel.getByText('It is off.').waitFor();
    expect(await open.desk.read(`/console/api/clients/${clientId}`)).toMatchObject({
      selfService: { enabled: false, maxApiKeys: 0, maxEndpoints: 2 },
    });
    await button('Turn on').click();
    await panel.getByText('It is on.').waitFor();
    await panel.getByRole('link', { name: 'What it did itself' }).click();
    const lines = open.page.locator('tbody tr');
    await lines.filter({ hasText: 'added an API key' }).waitFor();
    await lines.filter({ hasText: 'changed what a callback asks for' }).waitFor();
    await open.visit(`#/clients/${clientId}`);
    await open.page.getByRole('link', { name: 'What was done to it' }).click();
    await lines
      .filter({ hasText: 'environment' })
      .filter({ hasText: 'what it may change itself' })
      .first()
      .waitFor();
    expect(open.failures).toEqual([]);
  });

  test('saves what was touched alone: what the client or another operator has changed meanwhile stays', async () => {
    const { clientId } = await fillConsole(open);
    const { redis: store, keys } = open.desk;
    const url = 'https://gone.example/events';
    const listed = async (address: string) =>
      parseEndpoints((await store.hget(keys.client(clientId), 'endpoints')) ?? '').find(
        (each) => each.url === address,
      );
    const { id } = (await listed(url)) ?? expect.fail('the client must have it');
    await setEndpoint({ redis: store, keys }, clientId, id, { ratePerSecond: 0.25 });
    await open.signIn();
    await open.visit(`#/clients/${clientId}`);
    await button(`Change ${url}`).click();
    await setEndpoint({ redis: store, keys }, clientId, id, { types: ['subject.erased'] });
    await endpointOf(url).getByLabel('URL').fill(`${url}/2`);
    await button('Save the endpoint').click();
    await endpointOf(`${url}/2`).getByText('0.25 events').waitFor();
    expect(await listed(`${url}/2`)).toMatchObject({ types: ['subject.erased'], ratePerSecond: 0.25 });

    const own = 'https://own.example/events';
    await chooseCallback(store, keys, clientId, {
      url: own,
      present: await store.hget(keys.client(clientId), 'callbackUrl'),
      mustBeRegistered: true,
    });
    await changeClient(store, keys, clientId, { allowedOrigins: ['https://own.example'], maxEndpoints: 3 });
    await open.page.getByLabel('Name', { exact: true }).fill('Another name');
    await button('Save').click();
    await open.page.getByRole('heading', { name: 'Another name' }).waitFor();
    const panel = open.page.getByRole('region', { name: /What it may change itself/ });
    await panel.getByLabel('API keys, at most').fill('7');
    await button('Set these limits').click();
    await panel.getByText('Saved.').waitFor();
    const fields = ['callbackUrl', 'callbackBy', 'allowedOrigins', 'maxEndpoints', 'maxApiKeys'];
    expect(await store.hmget(keys.client(clientId), ...fields)).toEqual([
      ...[own, 'client', '["https://own.example"]', '3', '7'],
    ]);
    expect(open.failures).toEqual([]);
  });

  test('shows a read-only operator everything and lets nothing be pressed', async () => {
    const made = await addOperator(open.desk.redis, open.desk.keys, {
      name: 'auditor',
      readOnly: true,
      now: 0,
    });
    const { clientId } = await fillConsole(open);
    await open.signIn(made.status === 'added' ? made.key : '');
    await open.visit(`#/clients/${clientId}`);
    const actions = endpointOf('https://gone.example/events').getByRole('button');
    await actions.first().waitFor();
    const pressable = await endpoints().locator('button:enabled:not(.small)').count();
    expect([pressable, await actions.count()]).toEqual([0, 7]);
    expect(await button('Turn off…').isDisabled()).toBe(true);
    expect(await button('Add the endpoint').count()).toBe(0);
  });
});
