import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ApiError, Veriqueue, verifyWebhook } from '../../client/veriqueue.ts';
import { API_KEY_SCOPES } from '../../shared/contract/api-key-scope.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { storeSecret } from '../../shared/store/clients/signing-secrets.ts';
import { changeEndpoint } from '../../shared/store/push/change-endpoints.ts';
import { endpointSecretContext } from '../../shared/store/push/push-endpoint.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import { type Delivery, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

let chain: Chain;
let veriqueue: Veriqueue;
const receivers: WebhookReceiver[] = [];
beforeAll(async () => {
  chain = await startChain({
    workers: 2,
    environment: { CLIENT_MAX_ENDPOINTS: '3', DELIVERY_SCHEDULE: '0s,0s,0s,0s' },
  });
  veriqueue = new Veriqueue({ url: chain.url, apiKey: await managingKey(chain.client.clientId) });
});
afterAll(async () => {
  await chain?.stop();
  await Promise.all(receivers.map((receiver) => receiver.close()));
});

/** A key that may change what belongs to its client. */
async function managingKey(clientId: string): Promise<string> {
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const target = { redis: chain.redis, keys: chain.keys, clientId };
  return (await addApiKey(target, { now: Date.now(), grant })) ?? expect.fail('the client must be there');
}

async function addReceiver(after?: number) {
  const receiver = await startWebhookReceiver();
  receivers.push(receiver);
  const made = await veriqueue.endpoints.add({
    url: receiver.url,
    ...(after === undefined ? {} : { after }),
  });
  receiver.trust(made.secret);
  return { receiver, made };
}

const firstOf = (deliveries: readonly Delivery[]) =>
  deliveries.filter(({ nth }) => nth === 1).map(({ webhookId, body }) => ({ webhookId, body }));

const numberOf = ({ body }: { readonly body: string }) => Number(JSON.parse(body).sequence);

/** The problem that a call ends with. */
async function problemOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof ApiError ? error.code : String(error);
}

describe('an endpoint beside the callback', () => {
  test('gets what the callback gets, in order and signed with its own secret, through failures', async () => {
    const { receiver, made } = await addReceiver();
    receiver.answerWith(({ nth, event }) =>
      nth === 1 && Number(event.data.reference) % 3 === 0 ? 503 : 204,
    );
    const submitted = [];
    for (let i = 0; i < 12; i += 1) submitted.push(await chain.submit(undefined, { reference: String(i) }));
    await chain.receiver.accept(12);
    await receiver.accept(12);

    const got = firstOf(receiver.deliveries);
    expect(got.map(numberOf)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const byCallback = firstOf(chain.receiver.deliveries).toSorted((a, b) => numberOf(a) - numberOf(b));
    expect(got).toEqual(byCallback);
    expect(receiver.deliveries.length).toBe(16);
    const [last] = receiver.deliveries.slice(-1);
    if (last === undefined) throw new Error('there must be a delivery');
    await expect(verifyWebhook(last.body, last.headers, chain.client.webhookSecret)).rejects.toThrow(
      'not authentic',
    );
    await vi.waitFor(
      async () => {
        const [shown] = await veriqueue.endpoints.list();
        expect(shown).toMatchObject({ id: made.id, after: 12, attempts: 0, dead: 0, status: 'active' });
      },
      { timeout: 30_000, interval: 50 },
    );
    await veriqueue.endpoints.remove(made.id);
  });

  test('that is added later is brought everything from the feed, and again from a number on', async () => {
    const { receiver, made } = await addReceiver(0);
    await receiver.accept(12, 60_000);
    await veriqueue.endpoints.change(made.id, { after: 9 });
    await vi.waitFor(() => expect(receiver.deliveries.length).toBe(15), { timeout: 60_000, interval: 50 });
    expect(receiver.deliveries.map(numberOf)).toEqual([
      ...Array.from({ length: 12 }, (_, i) => i + 1),
      10,
      11,
      12,
    ]);
    await veriqueue.endpoints.remove(made.id);
  });

  test('gets the types that it asks for, passes an event by that fails every time, and its secret rotates', async () => {
    const { receiver, made } = await addReceiver();
    await veriqueue.endpoints.change(made.id, { types: ['verification.completed'], ratePerSecond: 100 });
    const rotated = await veriqueue.endpoints.rotateSecret(made.id);
    receiver.trust(rotated.secret);
    receiver.answerWith(({ event }) => (event.data.reference === 'refused' ? 500 : 204));
    const both = await vi.waitFor(
      async () => {
        const { id } = await chain.submit();
        await receiver.eventOf(id, 30_000);
        const delivery = receiver.deliveries.find(({ event }) => event.data.id === id);
        expect(delivery?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
        return delivery;
      },
      { timeout: 60_000, interval: 250 },
    );
    if (both === undefined) throw new Error('there must be a delivery');
    for (const secret of [made.secret, rotated.secret]) {
      expect(await verifyWebhook(both.body, both.headers, secret)).toEqual(both.event);
    }
    const { id } = await chain.submit(undefined, { reference: 'refused' });
    const passedBy = await chain.receiver.eventOf(id);
    const after = Number(numberOf({ body: JSON.stringify(passedBy) }));
    await vi.waitFor(
      async () => expect(await veriqueue.endpoints.list()).toMatchObject([{ dead: 1, after }]),
      { timeout: 30_000, interval: 50 },
    );
    expect(receiver.deliveries.filter(({ event }) => event.data.reference === 'refused')).toHaveLength(4);
    const next = await chain.submit();
    await receiver.eventOf(next.id, 30_000);
    await veriqueue.endpoints.remove(made.id);
    expect(await veriqueue.endpoints.list()).toEqual([]);
  });

  test('is one at which every attempt fails when its events cannot even be signed', async () => {
    const { receiver, made } = await addReceiver();
    const { VERIQUEUE_KEYS: keyRing } = workerEnvironment.parse(chain.environment);
    const { clientId } = chain.client;
    const secret = 'whsec_this is no Base64';
    const unusable = storeSecret(keyRing, endpointSecretContext(clientId, made.id), secret);
    const store = { redis: chain.redis, keys: chain.keys, keyRing };
    await changeEndpoint(store, clientId, made.id, (endpoint) => ({ ...endpoint, secrets: [unusable] }));
    const { id } = await chain.submit();
    const failed = await chain.log.line((line) => line.event === 'post_failed' && line.verification === id);
    expect(JSON.stringify(failed)).not.toContain('no Base64');
    const shown = async () => (await veriqueue.endpoints.list()).find((each) => each.id === made.id);
    await expect.poll(shown, { timeout: 60_000 }).toMatchObject({ dead: 1 });
    expect(receiver.deliveries).toEqual([]);
    await veriqueue.endpoints.remove(made.id);
  });

  test('gets nothing more, in the midst of what is due, once its origin is taken from the client', async () => {
    const receiver = await startWebhookReceiver();
    receivers.push(receiver);
    const { origin } = new URL(receiver.url);
    const other = await chain.addClient({ allowedOrigins: [origin] });
    const others = new Veriqueue({ url: chain.url, apiKey: await managingKey(other.clientId) });
    for (let i = 0; i < 10; i += 1) {
      const body = JSON.stringify(makeSubmission(makePerson()));
      const headers = { 'content-type': 'application/json' };
      const answer = await chain.call('/v1/verifications', { method: 'POST', body, headers, as: other });
      expect(answer.status).toBe(202);
    }
    const last = () => chain.redis.hget(chain.keys.feedNumbers(), other.clientId);
    await expect.poll(last, { timeout: 60_000 }).toBe('10');
    const made = await others.endpoints.add({ url: receiver.url, after: 0, ratePerSecond: 0.2 });
    receiver.trust(made.secret);
    await receiver.accept(1, 60_000);
    const allow = (origins: readonly string[]) =>
      chain.redis.hset(chain.keys.client(other.clientId), 'allowedOrigins', JSON.stringify(origins));
    await allow(['https://only.example']);
    const owner = () => chain.redis.hget(chain.keys.push(other.clientId, made.id), 'owner');
    await expect.poll(owner, { timeout: 120_000 }).toBeNull();
    expect(receiver.deliveries.length).toBeLessThan(10);
    // They have waited.
    await others.endpoints.change(made.id, { ratePerSecond: null });
    await allow([origin]);
    await receiver.accept(10, 60_000);
    expect(receiver.deliveries.map(numberOf)).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
  });

  test("is its client's alone, and where the operator allows", async () => {
    const other = await chain.addClient({ allowedOrigins: ['https://only.example'] });
    const plain = new Veriqueue({ url: chain.url, apiKey: other.apiKey });
    expect(await problemOf(plain.endpoints.list())).toBe('scope_missing');
    const others = new Veriqueue({ url: chain.url, apiKey: await managingKey(other.clientId) });
    const { made } = await addReceiver();
    expect(await others.endpoints.list()).toEqual([]);
    expect(await problemOf(others.endpoints.change(made.id, { enabled: false }))).toBe('not_found');
    expect(await problemOf(others.endpoints.rotateSecret(made.id))).toBe('not_found');
    await others.endpoints.remove(made.id).catch(() => undefined);
    expect(await veriqueue.endpoints.list()).toMatchObject([{ id: made.id }]);
    expect(await problemOf(others.endpoints.add({ url: 'https://elsewhere.example/' }))).toBe(
      'invalid_request',
    );
    expect(await problemOf(others.endpoints.add({ url: 'ftp://only.example/' }))).toBe('invalid_request');
    const allowed = await others.endpoints.add({ url: 'https://only.example/events' });
    expect(await others.endpoints.change(allowed.id, { enabled: false })).toMatchObject({
      status: 'disabled',
    });
    for (let i = 0; i < 2; i += 1) await others.endpoints.add({ url: 'https://only.example/events' });
    expect(await problemOf(others.endpoints.add({ url: 'https://only.example/events' }))).toBe(
      'too_many_endpoints',
    );
    expect(JSON.stringify(await others.endpoints.list())).not.toContain('whsec_');
  });
});
