/** Receivers, and what is stored about them, that no schema foresaw: each costs its own event an attempt, and no more. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DeliveryAttempt } from '../../shared/contract/delivery-log.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type ClientCredentials, storeClient } from '../../shared/store/clients/create-client.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import type { LogLine } from '../support/recorded-log.ts';

const WAIT = { timeout: 60_000 };

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());

async function startReceiver(listener: RequestListener) {
  const seen = { posts: 0 };
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      seen.posts += 1;
      listener(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, seen };
}

async function read<T>(path: string, as: ClientCredentials): Promise<T> {
  return (await (await chain.call(path, { as })).json()) as T;
}

async function submitAs(client: ClientCredentials): Promise<string> {
  const answer = await chain.call('/v1/verifications', {
    as: client,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(makeSubmission(makePerson())),
  });
  return ((await answer.json()) as Verification).id;
}

/** One attempt has been written down, and the next one is due as the schedule says: not in the two seconds of a bug. */
async function expectOneAttempt(client: ClientCredentials, id: string, attempt: Partial<DeliveryAttempt>) {
  const attempts = async () =>
    (await read<{ data: DeliveryAttempt[] }>(`/v1/verifications/${id}/deliveries`, client)).data;
  await expect.poll(attempts, WAIT).not.toEqual([]);
  const [first] = await attempts();
  expect(first).toMatchObject(attempt);
  const { delivery } = await read<Verification>(`/v1/verifications/${id}`, client);
  expect(delivery).toMatchObject({ status: 'retrying', attempts: 1 });
  return Date.parse(delivery.nextAttemptAt ?? '') - Date.parse(first?.at ?? '');
}

describe('an attempt that fails, and keeps to the schedule', () => {
  it('is one whose answer has two Retry-After headers: the longer wait holds', async () => {
    const receiver = await startReceiver((_, response) =>
      response.writeHead(503, ['retry-after', '600', 'retry-after', '1200']).end('busy'),
    );
    const client = await chain.addClient({ callbackUrl: receiver.url });
    const id = await submitAs(client);
    expect(await expectOneAttempt(client, id, { status: 503, answer: 'busy' })).toBeGreaterThan(1_100_000);
    expect(receiver.seen.posts).toBe(1);
  });

  it('is one that cannot even be signed', async () => {
    const receiver = await startReceiver((_, response) => response.writeHead(204).end());
    const { VERIQUEUE_KEYS: keyRing } = workerEnvironment.parse(chain.environment);
    const made = await chain.addClient({ callbackUrl: receiver.url });
    const client = { ...made, webhookSecret: 'whsec_this is no Base64' };
    const stored = { name: 'test', callbackUrl: receiver.url, allowedOrigins: ['*'], now: Date.now() };
    await storeClient({ redis: chain.redis, keys: chain.keys, keyRing }, stored, client);
    const id = await submitAs(client);
    const waitMs = await expectOneAttempt(client, id, { status: null, errorClass: 'other', answer: '' });
    expect(waitMs).toBeGreaterThan(3_500);
    expect(receiver.seen.posts).toBe(0);
    const failed = await chain.log.line((line) => line.event === 'post_failed' && line.verification === id);
    expect(JSON.stringify(failed)).not.toContain('no Base64');
  });
});

describe('a callback URL that cannot be read', () => {
  it('keeps its event waiting, and a redelivery brings it once the URL is right', async () => {
    const client = await chain.addClient();
    await chain.redis.hset(chain.keys.client(client.clientId), 'callbackUrl', 'http://');
    const id = await submitAs(client);
    const delivery = async () => (await read<Verification>(`/v1/verifications/${id}`, client)).delivery;
    await expect.poll(delivery, WAIT).toMatchObject({ status: 'held', attempts: 0 });
    await chain.redis.hset(chain.keys.client(client.clientId), 'callbackUrl', chain.receiver.url);
    // A worker remembers a client for two seconds; what it holds again until then is redelivered again.
    await expect
      .poll(async () => {
        await chain.call(`/v1/verifications/${id}/redeliver`, { as: client, method: 'POST' });
        return chain.receiver.accepted.has(id);
      }, WAIT)
      .toBe(true);
  });
});

it('a receiver that closes each connection after its answer has no failed first attempt in 200 events', async () => {
  const answered = new WeakSet<object>();
  const receiver = await startReceiver((request, response) => {
    // The next event is on its way already when the connection is closed.
    if (answered.has(request.socket)) request.socket.destroy();
    else response.writeHead(204).end();
    answered.add(request.socket);
  });
  const client = await chain.addClient({ callbackUrl: receiver.url });
  const before = chain.log.lines.length;
  const ids = new Set(await Promise.all(Array.from({ length: 200 }, () => submitAs(client))));
  const isDelivery = (line: LogLine) => line.event === 'delivery' && ids.has(line.verification ?? '');
  await chain.log.line((line) => isDelivery(line) && line['step'] === 'delivered', {
    nth: 200,
    withinMs: 60_000,
  });
  const attempts = chain.log.lines.slice(before).filter(isDelivery);
  expect(attempts.filter((line) => line['step'] !== 'delivered')).toEqual([]);
  expect(receiver.seen.posts).toBeGreaterThan(200);
}, 90_000);
