import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  ApiError,
  type FeedNotice,
  Veriqueue,
  verifyWebhook,
  type WebhookEvent,
} from '../../client/veriqueue.ts';
import { API_KEY_SCOPES } from '../../shared/contract/api-key-scope.ts';
import { noticeTypes } from '../../shared/contract/event-type.ts';
import { feedNotice } from '../../shared/contract/notice.ts';
import { laneNotice, type OperatorEndpoint } from '../../shared/contract/operator-endpoint.ts';
import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { changeClient } from '../../shared/store/clients/change-client.ts';
import { rewrapReceiverAuths } from '../../shared/store/clients/change-receiver-auth.ts';
import { openReceiverAuth, parseReceiverAuths } from '../../shared/store/clients/receiver-auth.ts';
import { storeSecret } from '../../shared/store/clients/signing-secrets.ts';
import { changeEndpoint } from '../../shared/store/push/change-endpoints.ts';
import { endpointSecretContext, OPERATORS } from '../../shared/store/push/push-endpoint.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type CliEnvironment, runCli, runJson } from '../cli/run-cli.ts';
import { loopbackCertificate, loopbackKey } from '../shared/webhook/loopback-certificate.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import { type Delivery, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const OPERATOR_KEY = 'vqo_test-operator-key-of-32-characters';

let chain: Chain;
let veriqueue: Veriqueue;
const receivers: Pick<WebhookReceiver, 'close'>[] = [];
beforeAll(async () => {
  chain = await startChain({
    workers: 2,
    environment: {
      CLIENT_MAX_ENDPOINTS: '3',
      DELIVERY_SCHEDULE: '0s,0s,0s,0s',
      SWEEP_INTERVAL: '1s',
      OPERATOR_KEY,
    },
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

const operatorCalls = async <T>(path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${OPERATOR_KEY}`, 'content-type': 'application/json' };
  const answer = await fetch(`${chain.url}/console/api/${path}`, { ...init, headers });
  return { status: answer.status, body: (await answer.json()) as T };
};

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

const lastNumber = async () =>
  Number(await chain.redis.hget(chain.keys.feedNumbers(), chain.client.clientId));

async function readFrom(after: number) {
  const all = [];
  for await (const event of veriqueue.events({ after })) all.push(event);
  return all;
}

const isNotice = (event: { readonly type: string }): event is FeedNotice =>
  Object.values<string>(noticeTypes).includes(event.type);

/** A receiver of every type, which verifies by the client's own package. */
async function startNoticeReceiver() {
  const received = new Map<string, WebhookEvent>();
  const secrets: string[] = [];
  const server = createServer(async (request, response) => {
    const event = await verifyWebhook(await text(request), request.headers, secrets).catch(() => null);
    if (event !== null) received.set(String(request.headers['webhook-id']), event);
    response.writeHead(event === null ? 401 : 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receivers.push({ close: async () => void server.close() });
  const has = (wanted: (event: WebhookEvent) => boolean) =>
    vi.waitFor(
      () =>
        [...received.values()].find(wanted) ??
        expect.fail(`got ${JSON.stringify([...received.values()].map(({ type }) => type))}`),
      {
        timeout: 60_000,
        interval: 20,
      },
    );
  const { port } = server.address() as AddressInfo;
  const trust = (secret: string) => void secrets.push(secret);
  return { url: `http://127.0.0.1:${port}/all`, received, has, trust };
}

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

  test('gets what brings no outcome only if it asks for that, and the feed has it under the next numbers', async () => {
    const plain = await addReceiver();
    const asking = await startNoticeReceiver();
    const made = await veriqueue.endpoints.add({
      url: asking.url,
      types: [...Object.values(noticeTypes), 'verification.completed'],
    });
    asking.trust(made.secret);
    expect(plain.made.types).toEqual(['verification.completed', 'verification.failed']);
    const { clientId } = chain.client;
    const before = await lastNumber();

    const [flaky, limited, refused] = [makePerson(), makePerson(), makePerson()];
    chain.sandbox.script(flaky.idCard, [{ code: 'FailedOperation.CompareSystemError' }]);
    chain.sandbox.script(limited.idCard, [{ code: 'FailedOperation.IdentityAuthLimitExceeded' }]);
    plain.receiver.answerWith(({ event }) => (event.data.reference === 'refused' ? 500 : 204));
    const retried = await chain.submit(flaky, { reference: 'flaky' });
    const deferred = await chain.submit(limited);
    const dead = await chain.submit(refused, { reference: 'refused' });
    await asking.has((event) => event.type === 'verification.completed' && event.data.id === retried.id);
    await asking.has((event) => event.type === 'verification.deferred' && event.data.id === deferred.id);
    await chain.receiver.eventOf(retried.id);
    const retrying = await asking.has((event) => event.type === 'verification.retrying');
    expect(retrying).toMatchObject({
      data: { id: retried.id, reference: 'flaky', code: 'FailedOperation.CompareSystemError', attempts: 1 },
    });
    expect(await asking.has((event) => event.type === 'delivery.dead')).toMatchObject({
      data: {
        ...{ eventId: dead.id.replace('ver_', 'evt_'), verification: dead.id, endpoint: plain.made.id },
        ...{ attempts: 4, status: 500 },
      },
    });
    await changeClient(chain.redis, chain.keys, clientId, { budgetDay: 1, budgetMode: 'warn' });
    const threshold = await asking.has((event) => event.type === 'usage.threshold');
    expect(threshold).toMatchObject({ data: { period: 'day', percent: 100, limit: 1 } });

    const numbers = () => readFrom(before);
    const sent = await numbers();
    expect(sent.map(({ sequence }) => sequence)).toEqual(sent.map((_, i) => before + 1 + i));
    const notices = sent.flatMap((event) => (isNotice(event) ? [feedNotice.parse(event)] : []));
    expect(notices.map(({ type }) => type).toSorted()).toEqual([
      'delivery.dead',
      'usage.threshold',
      'verification.deferred',
      'verification.retrying',
    ]);
    for (const { id, ...event } of notices) expect(asking.received.get(id)).toEqual(event);

    await vi.waitFor(
      async () => {
        const answer = await chain.call(`/v1/verifications/${retried.id}?erase=true`, { method: 'DELETE' });
        expect(answer.status).toBe(204);
      },
      { timeout: 60_000, interval: 100 },
    );
    const erased = await asking.has((event) => event.type === 'subject.erased');
    expect(erased).toMatchObject({ data: { id: retried.id, by: 'client' } });
    const left = JSON.stringify((await numbers()).filter(({ type }) => type !== 'subject.erased'));
    expect(left).not.toContain(retried.id);
    expect(left).toContain('events.gone');

    for (const { event } of [...plain.receiver.deliveries, ...chain.receiver.deliveries]) {
      expect(event.type).toMatch(/^verification\.(?:completed|failed)$/);
    }
    await veriqueue.endpoints.remove(plain.made.id);
    await veriqueue.endpoints.remove(made.id);
    const after = await lastNumber();
    chain.sandbox.script(flaky.idCard, [{ code: 'FailedOperation.CompareSystemError' }]);
    const unasked = await chain.submit(flaky);
    await chain.receiver.eventOf(unasked.id);
    expect((await readFrom(after)).map(({ type }) => type)).toEqual(['verification.completed']);
    await chain.call(`/v1/verifications/${deferred.id}`, { method: 'DELETE' });
    await changeClient(chain.redis, chain.keys, clientId, { budgetDay: null });
  }, 240_000);
  test('gets delivery.dead for an event that cannot be sent again, because its record cannot be read', async () => {
    const asking = await startNoticeReceiver();
    const made = await veriqueue.endpoints.add({ url: asking.url, types: ['delivery.dead'] });
    asking.trust(made.secret);
    chain.receiver.answerWith(async ({ event }) => {
      if (event.data.reference !== 'damaged') return 204;
      await chain.redis.hset(chain.keys.record(event.data.id), 'submittedAt', 'damaged');
      return 500;
    });
    const { id } = await chain.submit(undefined, { reference: 'damaged' });
    const record = chain.keys.record(id);
    const dead = await asking.has((event) => event.type === 'delivery.dead');
    expect(dead).toMatchObject({
      data: {
        ...{ eventId: id.replace('ver_', 'evt_'), verification: id, endpoint: null },
        ...{ attempts: 1, status: null },
      },
    });
    expect(await chain.redis.hmget(record, 'deliveryStatus', 'notices')).toEqual([
      'dead',
      expect.stringMatching(/^\d+ $/),
    ]);
    chain.receiver.answerWith(() => 204);
    await veriqueue.endpoints.remove(made.id);
    await chain.redis.hset(record, 'submittedAt', String(Date.now()));
  });

  test('and a callback get what they ask for beside the signature, which is never shown again', async () => {
    const client = await chain.addClient();
    const { clientId } = client;
    const mine = new Veriqueue({ url: chain.url, apiKey: await managingKey(clientId) });
    const certificate = { certificate: loopbackCertificate, key: loopbackKey };
    const tls = { cert: loopbackCertificate, key: loopbackKey, ca: loopbackCertificate };
    const asked: { readonly headers: IncomingHttpHeaders; readonly peer: unknown }[] = [];
    const server = createTlsServer(
      { ...tls, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        asked.push({
          headers: request.headers,
          peer: (request.socket as TLSSocket).getPeerCertificate().subject?.CN,
        });
        request.resume().on('end', () => response.writeHead(204).end());
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Of the receiver's own certificate, which is self-signed: this test is about the sender's.
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
      const auth = {
        headers: { 'X-Gateway-Token': 'token-canary' },
        basic: { username: 'gate', password: 'päss-canary' },
        clientCertificate: certificate,
      };
      const made = await mine.endpoints.add({ url, auth });
      const shown = { origin: new URL(url).origin, headers: ['x-gateway-token'], basic: true };
      expect(made.auth).toMatchObject({ ...shown, clientCertificate: { expiresSoon: false } });
      await mine.callback.change({
        url,
        auth: { ...auth, clientCertificate: certificate, basic: null },
      });
      await chain.call('/v1/verifications', {
        method: 'POST',
        body: JSON.stringify(makeSubmission(makePerson())),
        headers: { 'content-type': 'application/json' },
        as: client,
      });
      await expect.poll(() => asked.length, { timeout: 60_000 }).toBe(2);
      const token = 'token-canary';
      const basic = `Basic ${Buffer.from('gate:päss-canary').toString('base64')}`;
      const came = asked.map(({ headers, peer }) => [
        headers['x-gateway-token'],
        headers.authorization,
        peer,
      ]);
      expect(came.toSorted(([, a]) => (a ? -1 : 1))).toEqual([
        [token, basic, 'receiver.test'],
        [token, undefined, 'receiver.test'],
      ]);
      const { VERIQUEUE_KEYS: keyRing } = workerEnvironment.parse(chain.environment);
      const texts = [
        JSON.stringify([await mine.endpoints.list(), await mine.callback.get()]),
        JSON.stringify(await chain.redis.hgetall(chain.keys.client(clientId))),
        JSON.stringify(chain.log.lines),
      ];
      for (const text of texts) expect(text).not.toMatch(/canary|PRIVATE KEY|Z2F0ZTpww6Rzcy/);
      expect(texts[2]).toContain('delivery');

      // What seals it may be exchanged, and then the old key is not needed.
      const rotated = parseKeyRing(
        `k2:${Buffer.alloc(32, 7).toString('base64')},${chain.environment['VERIQUEUE_KEYS']}`,
      );
      const newest = parseKeyRing(`k2:${Buffer.alloc(32, 7).toString('base64')}`);
      if (!rotated.ok || !newest.ok) throw new Error('the keys must be valid');
      const store = { redis: chain.redis, keys: chain.keys };
      expect(await rewrapReceiverAuths({ ...store, keyRing: rotated.keyRing }, clientId)).toBe(0);
      const { [made.id]: stored } = parseReceiverAuths(
        (await chain.redis.hget(chain.keys.client(clientId), 'receiverAuth')) ?? '',
      );
      const receiver = { clientId, receiver: made.id, url };
      expect(openReceiverAuth(newest.keyRing, receiver, stored)).toMatchObject({
        auth: { headers: { 'x-gateway-token': token } },
      });
      expect(openReceiverAuth(keyRing, receiver, stored)).toEqual({ status: 'unreadable' });
      const elsewhere = { ...receiver, url: 'https://elsewhere.example/' };
      expect(openReceiverAuth(newest.keyRing, elsewhere, stored)).toEqual({ status: 'opened', auth: null });

      // Another address, another receiver: nothing of it is kept.
      expect(await mine.endpoints.change(made.id, { url: 'http://127.0.0.1:1/' })).toMatchObject({
        auth: null,
      });
      await mine.endpoints.remove(made.id);
      expect(await mine.callback.change({ url: chain.receiver.url })).toMatchObject({ auth: null });
    } finally {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      server.close();
    }
  });

  test('and a callback are tested without a verification, and the events of a period come again part by part', async () => {
    const client = await chain.addClient();
    const mine = new Veriqueue({ url: chain.url, apiKey: await managingKey(client.clientId), maxRetries: 0 });
    const own = createServer((request, response) => {
      heard.push(String(request.headers['webhook-id']));
      request.resume().on('end', () => response.writeHead(heard.length === 1 ? 202 : 503).end('busy'));
    });
    const heard: string[] = [];
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    try {
      const made = await mine.endpoints.add({
        url: `http://127.0.0.1:${(own.address() as AddressInfo).port}/`,
      });
      const first = await mine.endpoints.test(made.id);
      expect(first).toMatchObject({ accepted: true, status: 202, errorClass: null, url: made.url });
      expect(await mine.endpoints.test(made.id)).toMatchObject({
        accepted: false,
        status: 503,
        answer: 'busy',
      });
      expect(heard[0]).toBe(first.webhookId);
      const path = `clients/${client.clientId}/endpoints/${made.id}/test`;
      const byOperator = await operatorCalls<object>(path, { method: 'POST', body: '{}' });
      expect(byOperator).toMatchObject({
        status: 200,
        body: { accepted: false, status: 503, url: made.url },
      });
      expect(byOperator.body).not.toHaveProperty('answer');
      const apiKey = await managingKey(client.clientId);
      const byHand = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: apiKey };
      const { code, stderr } = await runCli(['receiver', 'test', made.id], byHand);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('did not accept the test event: status 503'),
      ]);
      await runJson(['receiver', 'pause', made.id], byHand);
      expect(await runJson(['receiver', 'list'], byHand)).toMatchObject([
        { id: made.id, status: 'disabled' },
      ]);
      expect((await runCli(['receiver', 'resume', made.id], byHand)).stdout).toContain('is resumed');
      expect(await mine.endpoints.list()).toMatchObject([
        { status: 'active', attempts: 0, latest: null, after: 0 },
      ]);
      expect(await problemOf(mine.endpoints.test(`ep_${'0'.repeat(26)}`))).toBe('not_found');
      await mine.endpoints.remove(made.id);
      await mine.callback.change({ url: null });
      expect(await problemOf(mine.callback.test())).toBe('no_callback_url');
      await mine.callback.change({ url: 'http://127.0.0.1:1/' });
      expect(await mine.callback.test()).toMatchObject({ status: null, errorClass: 'refused_connection' });
      await mine.callback.change({ url: chain.receiver.url });
    } finally {
      own.closeAllConnections();
      own.close();
    }

    const from = new Date().toISOString();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const body = JSON.stringify(makeSubmission(makePerson()));
      const headers = { 'content-type': 'application/json' };
      const answer = await chain.call('/v1/verifications', { method: 'POST', body, headers, as: client });
      ids.push(((await answer.json()) as { readonly id: string }).id);
    }
    const statuses = async () => {
      const shown = ids.map((id) => chain.redis.hget(chain.keys.record(id), 'deliveryStatus'));
      return [...new Set(await Promise.all(shown))];
    };
    await expect.poll(statuses, { timeout: 60_000 }).toEqual(['delivered']);
    const until = new Date(Date.now() + 1_000).toISOString();
    const parts = [];
    for await (const part of mine.callback.redeliver({ from, until, limit: 2 })) parts.push(part.redelivered);
    expect(parts).toEqual([2, 2, 1]);
    const timesOf = (id: string) =>
      chain.receiver.deliveries.filter(({ event }) => event.data.id === id).length;
    await expect.poll(() => ids.map(timesOf), { timeout: 60_000 }).toEqual([2, 2, 2, 2, 2]);
    await expect.poll(statuses, { timeout: 60_000 }).toEqual(['delivered']);
    const counted = [];
    for await (const part of mine.callback.redeliver({ from, until, deliveryStatus: 'dead' }))
      counted.push(part);
    expect(counted).toEqual([
      { redelivered: 0, notDue: 5, unanswered: 0, notAllowed: 0, missing: 0, nextCursor: null },
    ]);
    const wrong = { from: until, until: from };
    expect(await problemOf(mine.callback.redeliver(wrong).next())).toBe('invalid_request');
    expect(await problemOf(mine.callback.redeliver({ from, until, cursor: 'x' }).next())).toBe(
      'invalid_query',
    );
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

describe("an operators' endpoint", () => {
  const add = (url: string) =>
    operatorCalls<{ id: string; secret: string }>('operator-endpoints', {
      method: 'POST',
      body: JSON.stringify({ url }),
    });

  test('gets each change of the lane once, and no client does', async () => {
    const asking = await startNoticeReceiver();
    expect((await add('ftp://alerts.example/')).status).toBe(422);
    const { status, body: made } = await add(asking.url);
    expect(status).toBe(201);
    asking.trust(made.secret);
    const known = () => chain.redis.hget(chain.keys.announcedStates(), 'main');
    // A lane that runs when it is first looked at has not resumed.
    await expect.poll(known, { timeout: 60_000, interval: 50 }).toMatch(/ running$/);
    const before = await lastNumber();

    await operatorCalls('lane/pause', { method: 'POST', body: JSON.stringify({ reason: 'rehearsal' }) });
    await expect.poll(known, { timeout: 60_000, interval: 50 }).toMatch(/ paused \d+$/);
    expect((await operatorCalls('lane/resume', { method: 'POST', body: '{}' })).status).toBe(200);
    const got = () => [...asking.received.values()].map((event) => laneNotice.parse(event));
    await expect.poll(got, { timeout: 60_000, interval: 50 }).toHaveLength(2);
    const lane = { lane: chain.keys.lane, account: 'main' };
    expect(got()).toMatchObject([
      { type: 'lane.suspended', data: { ...lane, status: 'paused', reason: 'rehearsal' }, sequence: 1 },
      { type: 'lane.resumed', data: { ...lane, status: 'running', reason: null, since: null }, sequence: 2 },
    ]);
    expect(Date.parse(got()[0]?.data.since ?? '')).toBeLessThanOrEqual(Date.now());
    expect(await lastNumber()).toBe(before);

    const cli = {
      ...chain.environment,
      VERIQUEUE_OPERATOR_URL: chain.url,
      VERIQUEUE_OPERATOR_KEY: OPERATOR_KEY,
    };
    const shown = { id: made.id, url: asking.url, status: 'active', after: 2, dead: 0 };
    const list = async (environment: CliEnvironment) =>
      runJson(['operator', 'endpoints', 'list'], environment);
    expect(await list(cli)).toMatchObject([shown]);
    expect(await list(chain.environment)).toMatchObject([shown]);
    await runJson(['operator', 'endpoints', 'remove', made.id, '--yes'], cli);
    expect((await operatorCalls('operator-endpoints')).body).toEqual({ data: [] });
    expect(await chain.redis.sismember(chain.keys.pushClients(), OPERATORS)).toBe(0);
  }, 240_000);

  test('is changed, tested, stopped and given another secret, over the API and by commands in both ways', async () => {
    const overApi = {
      ...chain.environment,
      VERIQUEUE_OPERATOR_URL: chain.url,
      VERIQUEUE_OPERATOR_KEY: OPERATOR_KEY,
    };
    const [asking, elsewhere] = [await startNoticeReceiver(), await startNoticeReceiver()];
    const endpoints = ['operator', 'endpoints'];
    const made = await runJson<{ id: string; secret: string }>(
      [...endpoints, 'add', asking.url, '--type', 'lane.suspended', '--rate', '20'],
      chain.environment,
    );
    asking.trust(made.secret);
    elsewhere.trust(made.secret);
    const path = `operator-endpoints/${made.id}`;
    const change = (body: object) =>
      operatorCalls<OperatorEndpoint>(path, { method: 'PATCH', body: JSON.stringify(body) });
    const shown = async () =>
      (await operatorCalls<{ data: OperatorEndpoint[] }>('operator-endpoints')).body.data[0];
    expect(await shown()).toMatchObject({ types: ['lane.suspended'], ratePerSecond: 20, status: 'active' });

    expect(await change({ ratePerSecond: null, types: ['lane.resumed', 'lane.suspended'] })).toMatchObject({
      status: 200,
      body: { ratePerSecond: null, types: ['lane.suspended', 'lane.resumed'], url: asking.url },
    });
    for (const environment of [overApi, chain.environment]) {
      const sent = await runCli([...endpoints, 'test', made.id], environment);
      expect([sent.code, sent.stdout]).toEqual([0, expect.stringMatching(/^result +status 204$/m)]);
      expect(await runJson([...endpoints, 'set', made.id, '--rate', '5'], environment)).toMatchObject({
        ratePerSecond: 5,
      });
      const rest = [...endpoints, 'set', made.id, '--no-rate', '--to', elsewhere.url];
      expect(await runJson(rest, environment)).toMatchObject({ ratePerSecond: null, url: elsewhere.url });
      expect(await runJson([...endpoints, 'pause', made.id], environment)).toMatchObject({
        status: 'disabled',
      });
      expect((await runCli([...endpoints, 'test', made.id], environment)).code).toBe(0);
      expect(await runJson([...endpoints, 'resume', made.id], environment)).toMatchObject({
        status: 'active',
      });
      const rotated = await runJson<{ secret: string; previousSignsUntil: string }>(
        [...endpoints, 'rotate-secret', made.id, '--overlap', '2h'],
        environment,
      );
      expect(Date.parse(rotated.previousSignsUntil)).toBeGreaterThan(Date.now() + 3_600_000);
      const back = [...endpoints, 'set', made.id, '--to', asking.url];
      expect(await runJson(back, environment)).toMatchObject({ url: asking.url });
    }
    const tests = [...asking.received.values(), ...elsewhere.received.values()];
    expect(tests).toEqual(
      Array.from({ length: 4 }, () =>
        expect.objectContaining({ type: 'webhook.test', data: { clientId: OPERATORS } }),
      ),
    );

    for (const body of [{ after: 1_000 }, { after: 999_999_999_999_999, enabled: true }]) {
      expect(await change(body)).toMatchObject({ status: 409, body: { code: 'unknown_sequence' } });
    }
    const beyond = { method: 'POST', body: JSON.stringify({ url: asking.url, after: 1_000 }) };
    expect((await operatorCalls('operator-endpoints', beyond)).status).toBe(409);
    const tooFar = await runCli([...endpoints, 'set', made.id, '--after', '1000'], chain.environment);
    expect([tooFar.code, tooFar.stderr]).toEqual([
      1,
      'error: No event of the operators has the number 1000 yet\n',
    ]);
    const rotations = await Promise.all(
      Array.from({ length: 8 }, () =>
        operatorCalls<{ secret: string }>(`${path}/rotate-secret`, { method: 'POST', body: '{}' }),
      ),
    );
    expect(rotations.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    for (const { body } of rotations) asking.trust(body.secret);
    expect(await operatorCalls(`${path}/test`, { method: 'POST', body: '{}' })).toMatchObject({
      body: { accepted: true },
    });

    // At once: the secrets before sign nothing any more.
    const last = await operatorCalls<{ secret: string }>(`${path}/rotate-secret`, {
      method: 'POST',
      body: JSON.stringify({ overlapSeconds: 0 }),
    });
    expect(last.status).toBe(200);
    const refused = await operatorCalls<TestDelivery>(`${path}/test`, { method: 'POST', body: '{}' });
    expect(refused).toMatchObject({ status: 200, body: { accepted: false, status: 401 } });
    asking.trust(last.body.secret);
    const taken = await operatorCalls<TestDelivery>(`${path}/test`, { method: 'POST', body: '{}' });
    expect(taken).toMatchObject({ status: 200, body: { accepted: true, status: 204 } });
    expect(JSON.stringify(await shown())).not.toContain('whsec_');

    for (const [body, code] of [
      [{ url: 'ftp://alerts.example/' }, 'invalid_request'],
      [{ types: ['verification.completed'] }, 'invalid_request'],
      [{ ratePerSecond: 0 }, 'invalid_request'],
      [{ auth: null }, 'invalid_request'],
    ] as const) {
      expect(await change(body)).toMatchObject({ status: 422, body: { code } });
    }
    const absent = `operator-endpoints/ep_${'0'.repeat(26)}`;
    for (const [method, where] of [
      ['PATCH', absent],
      ['PATCH', 'operator-endpoints/callback'],
      ['POST', `${absent}/rotate-secret`],
      ['POST', `${absent}/test`],
    ] as const) {
      expect((await operatorCalls(where, { method, body: '{}' })).status).toBe(404);
    }
    const overlap = JSON.stringify({ overlapSeconds: 31 * 86_400 });
    expect((await operatorCalls(`${path}/rotate-secret`, { method: 'POST', body: overlap })).status).toBe(
      422,
    );
    for (const environment of [overApi, chain.environment]) {
      const none = `ep_${'0'.repeat(26)}`;
      for (const args of [
        ['pause', none],
        ['test', none],
        ['rotate-secret', none],
        ['set', none, '--rate', '5'],
      ]) {
        expect(await runCli([...endpoints, ...args], environment)).toMatchObject({
          code: 1,
          stderr: `error: Operators have no endpoint ${none}\n`,
        });
      }
      expect((await runCli([...endpoints, 'set', made.id], environment)).code).toBe(2);
    }

    await expect
      .poll(async () => JSON.stringify(await operatorCalls('activity')), { timeout: 60_000 })
      .toMatch(/test_operator_endpoint.*rotate_operator_endpoint_secret.*change_operator_endpoint/s);
    await runJson([...endpoints, 'remove', made.id, '--yes'], overApi);
  }, 240_000);
});
